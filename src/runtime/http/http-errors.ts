/** Errors that only HTTP knows, and the status of each error. */
import { errors, type ErrorKind } from '#platform/errors.ts';

export const httpErrors = errors('platform', {
  malformedBody: ['invalid', 'The body is not valid JSON.'],
  bodyTooLarge: ['invalid', 'The body is too large.'],
  requestTimeout: ['invalid', 'The request took too long to arrive.'],
  malformedRequest: ['invalid', 'The request is not valid HTTP.'],
  headersTooLarge: ['invalid', 'The headers are too large.'],
  unknownTransferCoding: ['invalid', 'The only transfer coding is chunked.'],
  notAcceptable: ['invalid', 'There is no representation that the Accept headers allow.'],
  unsupportedMediaType: ['invalid', 'The body must be application/json.'],
  methodNotAllowed: ['invalid', 'This method is not allowed here.'],
  invalidHeader: ['invalid', 'A header is not valid.'],
  preconditionFailed: ['conflict', 'The resource no longer matches If-Match. Read it again and repeat the change.'],
  idempotencyKeyInUse: ['conflict', 'A request with this Idempotency-Key is still running.'],
  tooManyIdempotencyKeys: [
    'too-many',
    'You have used too many Idempotency-Keys here within 24 hours. Earlier keys still work.',
  ],
  idempotencyKeyReused: ['invalid', 'This Idempotency-Key was used for another request.'],
});

const statusOfKind: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  'too-many': 429,
  unavailable: 503,
  internal: 500,
};

/** Where HTTP has a status for just this. A wrong request is 400 and never 422, which means a reused key and nothing else. */
const statusOfCode: Readonly<Record<string, number>> = {
  [httpErrors.bodyTooLarge.code]: 413,
  [httpErrors.requestTimeout.code]: 408,
  [httpErrors.headersTooLarge.code]: 431,
  [httpErrors.unknownTransferCoding.code]: 501,
  [httpErrors.notAcceptable.code]: 406,
  [httpErrors.unsupportedMediaType.code]: 415,
  [httpErrors.methodNotAllowed.code]: 405,
  [httpErrors.preconditionFailed.code]: 412,
  [httpErrors.idempotencyKeyReused.code]: 422,
};

export const statusOf = ({ code, kind }: { code: string; kind: ErrorKind }): number =>
  statusOfCode[code] ?? statusOfKind[kind];
