/** Reads the body of a request as JSON, bounded in depth. */
import { parse as parseContentType } from 'content-type';
import type { Request } from 'express';
import { httpErrors } from './http-errors.ts';
import { requireStorableText } from './storable-text.ts';

const maxDepth = 32;
const jsonTypes = ['application/json', 'application/*+json'];

/** In JSON that is properly encoded, what cannot be stored can only be written like this. */
const mayBeUnstorable = /\\u(?:0000|d[89a-f])/i;

export function parseJson(bytes: Buffer, request: Request): unknown {
  requireJson(request);
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

function requireJson(request: Request): void {
  if (!request.is(jsonTypes)) throw httpErrors.unsupportedMediaType();
  const { charset = 'utf-8' } = parseContentType(request.headers['content-type']!).parameters;
  if (!isUtf8(charset)) throw httpErrors.unsupportedMediaType('JSON is sent in UTF-8.');
}

/** Every label that the Encoding Standard has for it, such as `UTF8`. */
function isUtf8(label: string): boolean {
  try {
    return new TextDecoder(label).encoding === 'utf-8';
  } catch {
    return false;
  }
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
