import type { RequestHandler } from 'express';
import { httpErrors } from '#runtime/http/http-errors.ts';

/** Refuses what Node's parser lets through, and what the next server could understand in another way. */
export const unambiguousHead: RequestHandler = ({ headers, rawHeaders, httpVersion }, _response, next) => {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!;
    if (name.length === 4 && name.toLowerCase() === 'host') hosts += 1;
  }
  if (hosts > 1 || (hosts === 0 && httpVersion !== '1.0')) throw httpErrors.malformedRequest('A request has one Host.');
  const coding = headers['transfer-encoding'];
  if (coding !== undefined && coding.trim().toLowerCase() !== 'chunked') throw httpErrors.unknownTransferCoding();
  next();
};
