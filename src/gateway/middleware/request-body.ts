/**
 * Reads the whole body before anything is done for a request: bounded in bytes, in time, and in how many bodies one
 * network may leave unfinished. A slow client holds nothing that others need.
 */
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import getRawBody from 'raw-body';
import { platformErrors } from '#platform/errors.ts';
import { httpErrors } from '#runtime/http/http-errors.ts';
import { orFail, within } from '#runtime/within.ts';

/** Milliseconds for a body. */
const patience = 10_000;
const mostUnfinished = 100;

/** Reads bodies of up to `limit` bytes into `request.body`, which stays undefined for a request without one. */
export function requestBody(limit: number): RequestHandler {
  const unfinished = new Map<string, number>();
  const read: RequestHandler = async (request, response, next) => {
    const { network } = request.context.origin;
    requireReadable(request, limit);
    const others = unfinished.get(network) ?? 0;
    if (others >= mostUnfinished && !request.complete) {
      response.setHeader('Connection', 'close');
      throw platformErrors.tooManyRequests({
        detail: `${mostUnfinished} requests of yours are unfinished. Finish them first.`,
        retryAfter: 1,
      });
    }
    unfinished.set(network, others + 1);
    try {
      request.body = await readInTime(request, limit);
    } finally {
      const left = unfinished.get(network)! - 1;
      if (left === 0) unfinished.delete(network);
      else unfinished.set(network, left);
    }
    next();
  };
  return (request, response, next) =>
    request.context.route?.method === 'GET' || !hasBody(request) ? next() : read(request, response, next);
}

const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Refuses a body that is compressed or announced as larger than `limit` bytes, before any of it is read. */
function requireReadable({ headers }: IncomingMessage, limit: number): void {
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    throw httpErrors.unsupportedMediaType('Send the body without a Content-Encoding.');
  }
  if (Number(headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
}

function readInTime(request: IncomingMessage, limit: number): Promise<Buffer> {
  const body = getRawBody(request, { limit }).catch((cause: getRawBody.RawBodyError) => {
    throw cause.type === 'entity.too.large'
      ? tooLarge(limit)
      : httpErrors.malformedBody({ detail: 'The body ended too early.', cause });
  });
  return within(
    patience,
    body,
    orFail(() => httpErrors.requestTimeout(`The body was not there after ${patience / 1000} s.`)),
  );
}

const tooLarge = (limit: number) => httpErrors.bodyTooLarge(`The body may have ${limit} bytes at most.`);
