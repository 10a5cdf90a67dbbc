/** Errors as problem details (RFC 9457). */
import { STATUS_CODES } from 'node:http';
import { type ErrorDefinition, Failure, platformErrors } from '#platform/errors.ts';
import { RefusedToken } from '#platform/access-token.ts';
import { httpErrors, statusOf } from './http-errors.ts';
import type { Logger } from '#platform/logger.ts';
import type { Request } from 'express';
import { spanOf } from '../observability/spans.ts';
import { marksOf, routeName } from './request-context.ts';
import type { RenderedAnswer } from './rendered-answer.ts';

/** The cause of a refusal whose `WWW-Authenticate` says what would be enough (RFC 6750, RFC 9470). */
export class Challenge extends Error {
  override readonly name = 'Challenge';
  readonly parameters: Readonly<Record<string, string | undefined>>;

  constructor(parameters: Readonly<Record<string, string | undefined>>) {
    super(parameters.error);
    this.parameters = parameters;
  }
}

export const problemType = (code: string) => `urn:problem:${code}`;

const ownTitles = Object.fromEntries(
  [...Object.values(platformErrors), ...Object.values(httpErrors)].map(({ code, summary }) => [code, summary]),
);
const unavailableFor = 1;
/** The rest of such a request is not read, so the connection cannot be used again. */
const endsConnection = new Set([
  httpErrors.bodyTooLarge.code,
  httpErrors.requestTimeout.code,
  httpErrors.malformedRequest.code,
  httpErrors.headersTooLarge.code,
  httpErrors.unknownTransferCoding.code,
]);
/** A cache may otherwise keep some of them, such as a 404. */
const always = ['Content-Type', 'application/problem+json', 'Cache-Control', 'no-store'];

/** Turns an error into its answer, and tells the operator what the client is not told. */
export type Report = (error: unknown, request: Request) => RenderedAnswer;

/** The summaries of `declared` become titles. */
export function problemReport(declared: readonly ErrorDefinition[], logger: Logger): Report {
  const titles: Readonly<Record<string, string>> = {
    ...ownTitles,
    ...Object.fromEntries(declared.map(({ code, summary }) => [code, summary])),
  };
  return (error, request) => {
    const failure = error instanceof Failure ? error : platformErrors.internal({ cause: error });
    tell(failure, request, logger);
    request.context.problem = failure.code;
    return renderedProblem(failure, request.context.id, titles);
  };
}

export function renderedProblem(
  failure: Failure,
  requestId: string,
  titles: Readonly<Record<string, string>> = ownTitles,
): RenderedAnswer {
  const status = statusOf(failure);
  const { code, message } = failure.kind === 'internal' ? platformErrors.internal() : failure;
  const body = {
    type: problemType(code),
    title: titles[code] ?? STATUS_CODES[status],
    status,
    detail: message,
    code,
    requestId,
    ...(failure.fields === undefined ? {} : { errors: failure.fields }),
  };
  return { status, headers: [...always, ...headersOf(failure)], body: JSON.stringify(body) };
}

function tell(failure: Failure, { method, context }: Request, logger: Logger): void {
  const about = { code: failure.code, ...marksOf(context) };
  const what = `${method} ${routeName(context)} failed`;
  if (failure.kind === 'internal') {
    spanOf(context.trace)?.fail(failure.cause ?? failure);
    logger.error(what, { ...about, error: failure.cause ?? failure });
  } else if (failure.kind === 'unavailable')
    logger.warn(`${what}: ${failure.message}`, { ...about, error: failure.cause });
}

function headersOf({ kind, code, retryAfter, cause }: Failure): string[] {
  if (endsConnection.has(code)) return ['Connection', 'close'];
  if (kind === 'unauthenticated' || cause instanceof Challenge) return ['WWW-Authenticate', challengeOf(cause)];
  const seconds = retryAfter ?? (kind === 'unavailable' ? unavailableFor : undefined);
  return seconds === undefined ? [] : ['Retry-After', String(Math.max(1, Math.ceil(seconds)))];
}

function challengeOf(cause: unknown): string {
  if (cause instanceof RefusedToken) return 'Bearer error="invalid_token"';
  const parameters = cause instanceof Challenge ? Object.entries(cause.parameters) : [];
  const given = parameters.flatMap(([name, value]) => (value === undefined ? [] : [`${name}="${value}"`]));
  return ['Bearer', given.join(', ')].join(' ').trimEnd();
}
