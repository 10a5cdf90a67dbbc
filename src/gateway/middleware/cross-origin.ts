import cors from 'cors';
import type { Request, RequestHandler } from 'express';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];
const allowedHeaders = [
  'Authorization',
  'Content-Type',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'Prefer',
  'X-Request-Id',
  'traceparent',
];
const exposedHeaders = [
  'ETag',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'X-Request-Id',
  'Idempotency-Replayed',
  'Preference-Applied',
  'Deprecation',
  'Sunset',
  'WWW-Authenticate',
];
/** Seconds. */
const maxAge = 7_200;

/**
 * Lets the pages of `origins` call (CORS), and answers their preflights. Credentials in cookies are not a thing here, so
 * they are never allowed.
 */
export function crossOrigin(origins: readonly string[]): RequestHandler {
  if (origins.length === 0) return (_request, _response, next) => next();
  const allowed = new Set(origins);
  const allow = cors<Request>((request, use) =>
    // An OPTIONS that is no preflight asks for the methods of a path.
    use(null, {
      origin: true,
      methods,
      allowedHeaders,
      exposedHeaders,
      maxAge,
      preflightContinue: !isPreflight(request),
    }),
  );
  return (request, response, next) => {
    const { origin } = request.headers;
    response.vary('Origin');
    if (origin === undefined || !allowed.has(origin)) return next();
    // An answer to be used by a page of another origin, which helmet's value would rule out.
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
    allow(request, response, next);
  };
}

const isPreflight = ({ headers }: Request) => headers['access-control-request-method'] !== undefined;
