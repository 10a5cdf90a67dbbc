/** Reads the body of a request: bounded in bytes and depth, and JSON. */
import type { IncomingMessage } from 'node:http';
import { httpErrors } from './http-errors.ts';
import { requireStorableText } from './storable-text.ts';

const maxDepth = 32;
const jsonType = /^application\/(?:[\w.+-]+\+)?json\s*(?:;\s*charset\s*=\s*"?utf-8"?\s*)?$/i;

/** In JSON that is properly encoded, what cannot be stored can only be written like this. */
const mayBeUnstorable = /\\u(?:0000|d[89a-f])/i;

export const hasBody = ({ headers }: IncomingMessage) =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** Refuses a body that is compressed or announced as larger than `limit` bytes, before any of it is read. */
export function requireReadable({ headers }: IncomingMessage, limit: number): void {
  if ((headers['content-encoding'] ?? 'identity') !== 'identity') {
    throw httpErrors.unsupportedMediaType('Send the body without a Content-Encoding.');
  }
  if (Number(headers['content-length'] ?? 0) > limit) throw tooLarge(limit);
}

export const tooLarge = (limit: number) => httpErrors.bodyTooLarge(`The body may have ${limit} bytes at most.`);
export const endedEarly = (cause: unknown) => httpErrors.malformedBody({ detail: 'The body ended too early.', cause });

export async function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  requireReadable(request, limit);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else reject(tooLarge(limit));
    });
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.once('error', (cause) => reject(endedEarly(cause)));
  });
}

export function parseJson(bytes: Buffer, contentType: string | undefined): unknown {
  if (contentType === undefined || !jsonType.test(contentType)) throw httpErrors.unsupportedMediaType();
  if (depthOf(bytes) > maxDepth) throw httpErrors.malformedBody(`The body may be ${maxDepth} levels deep at most.`);
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw httpErrors.malformedBody({ detail: `The body is not valid JSON: ${(cause as Error).message}.`, cause });
  }
  if (mayBeUnstorable.test(text)) requireStorableText(value);
  return value;
}

/** How deep objects and arrays are nested: counted before parsing, since it is parsing and checking that would suffer. */
function depthOf(bytes: Buffer): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    if (inString) {
      if (byte === 0x5c) index++;
      else if (byte === 0x22) inString = false;
    } else if (byte === 0x22) inString = true;
    else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return deepest;
}
