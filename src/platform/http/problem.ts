/** Errors as problem details (RFC 9457). */
import { STATUS_CODES } from 'node:http';
import { type ErrorDefinition, Failure, platformErrors } from '../errors.ts';
import { RefusedToken } from '../security/access-token.ts';
import { httpErrors, statusOf } from './http-errors.ts';
import type { Logger } from '../observability/logger.ts';
import type { Exchange } from './exchange.ts';
import type { RenderedAnswer } from './rendered-answer.ts';

export const problemType = (code: string) => `urn:problem:${code}`;

const ownTitles = Object.fromEntries(
  [...Object.values(platformErrors), ...Object.values(httpErrors)].map(({ code, summary }) => [code, summary]),
);
const unavailableFor = 1;
/** A cache may otherwise keep some of them, such as a 404. */
const always = ['Content-Type', 'application/problem+json', 'Cache-Control', 'no-store'];

/** Turns an error into its answer, and tells the operator what the client is not told. */
export type Report = (error: unknown, exchange: Exchange) => RenderedAnswer;

/** The summaries of `declared` become titles. */
export function problemReport(declared: readonly ErrorDefinition[], logger: Logger): Report {
  const titles: Readonly<Record<string, string>> = {
    ...ownTitles,
    ...Object.fromEntries(declared.map(({ code, summary }) => [code, summary])),
  };
  return (error, exchange) => {
    const failure = error instanceof Failure ? error : platformErrors.internal({ cause: error });
    tell(failure, exchange, logger);
    const status = statusOf(failure);
    const { code, message } = failure.kind === 'internal' ? platformErrors.internal() : failure;
    exchange.problem = failure.code;
    const body = {
      type: problemType(code),
      title: titles[code] ?? STATUS_CODES[status],
      status,
      detail: message,
      code,
      requestId: exchange.requestId,
      ...(failure.fields === undefined ? {} : { errors: failure.fields }),
    };
    return { status, headers: [...always, ...headersOf(failure)], body: JSON.stringify(body) };
  };
}

function tell(failure: Failure, { request, route, requestId }: Exchange, logger: Logger): void {
  const about = { code: failure.code, requestId };
  const what = `${request.method} ${route.url} failed`;
  if (failure.kind === 'internal') logger.error(what, { ...about, error: failure.cause ?? failure });
  else if (failure.kind === 'unavailable') logger.warn(`${what}: ${failure.message}`, { ...about, error: failure.cause });
}

function headersOf({ kind, code, retryAfter, cause }: Failure): string[] {
  // The rest of such a body is not read, so the connection cannot be used again.
  if (code === httpErrors.bodyTooLarge.code) return ['Connection', 'close'];
  if (kind === 'unauthenticated') {
    return ['WWW-Authenticate', cause instanceof RefusedToken ? 'Bearer error="invalid_token"' : 'Bearer'];
  }
  const seconds = retryAfter ?? (kind === 'unavailable' ? unavailableFor : undefined);
  return seconds === undefined ? [] : ['Retry-After', String(Math.max(1, Math.ceil(seconds)))];
}
