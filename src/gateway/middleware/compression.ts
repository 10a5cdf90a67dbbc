import compression from 'compression';
import type { RequestHandler } from 'express';

/** Bytes below which compressing costs more than it saves. */
const threshold = 1_024;

const compress = compression({
  threshold,
  filter(request, response) {
    // A strong ETag names the bytes of one coding (RFC 9110, 8.8.3), and a weak one would not do for If-Match.
    if (response.hasHeader('ETag') || Number(response.getHeader('Content-Length')) < threshold) return false;
    return compression.filter(request, response);
  },
});

/**
 * Compresses what is read. Answers to other methods may hold a token beside what the client sent, which their compressed
 * length could betray (BREACH); they are small anyway. What carries an ETag is not compressed, so nothing is prepared for it.
 */
export const compressed: RequestHandler = (request, response, next) =>
  request.method === 'GET' && request.context.route?.versioned !== true ? compress(request, response, next) : next();
