// ADR 0008
/**
 * Errors in terms a caller can act on. A code is stable and belongs to one module
 * (`orders.out-of-stock`); its kind is one of a few that every transport knows how to carry.
 */
export const errorKinds = [
  'invalid',
  'unauthenticated',
  'forbidden',
  'not-found',
  'conflict',
  'too-many',
  'unavailable',
  'internal',
] as const;
export type ErrorKind = (typeof errorKinds)[number];

/** One rejected field; `path` is a JSON Pointer (RFC 6901) into the request, such as `/items/0/quantity`. */
export interface FieldError {
  path: string;
  message: string;
}

export interface FailureDetails {
  /** For the person: what is wrong here and what to do. It leaves the system, so nothing secret. */
  detail?: string;
  fields?: readonly FieldError[];
  /** Seconds after which trying again makes sense. */
  retryAfter?: number;
  cause?: unknown;
}

/** The one error that crosses a module's boundary with its code and kind intact. */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: string;
  readonly kind: ErrorKind;
  readonly fields: readonly FieldError[] | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: string, kind: ErrorKind, message: string, details: FailureDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.kind = kind;
    this.fields = details.fields;
    this.retryAfter = details.retryAfter;
  }
}

/** The cause of a Failure of a call that was never made, because its callee is away or has too many already. */
export class NotAsked extends Error {
  override readonly name = 'NotAsked';
}

/** A declared error: call it to make the Failure. Contracts list these, so that documentation and transports know them. */
export interface ErrorDefinition {
  (details?: FailureDetails | string): Failure;
  readonly code: string;
  readonly kind: ErrorKind;
  readonly summary: string;
}

const kebabCase = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/**
 * Declares a module's errors: `errors('orders', { outOfStock: ['conflict', 'There is not enough stock.'] })` gives
 * `outOfStock('Only 2 of mug-blue are left.')` with the code `orders.out-of-stock`.
 */
export function errors<const T extends Record<string, readonly [ErrorKind, string]>>(
  module: string,
  definitions: T,
): { readonly [Name in keyof T]: ErrorDefinition } {
  const define = (name: string, [kind, summary]: readonly [ErrorKind, string]): ErrorDefinition => {
    const code = `${module}.${kebabCase(name)}`;
    const make = (details: FailureDetails | string = {}) => {
      const given = typeof details === 'string' ? { detail: details } : details;
      return new Failure(code, kind, given.detail ?? summary, given);
    };
    return Object.assign(make, { code, kind, summary });
  };
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [name, define(name, definition)]),
  ) as { [Name in keyof T]: ErrorDefinition };
}

/** Errors of the platform itself, whichever module was asked. */
export const platformErrors = errors('platform', {
  invalidRequest: ['invalid', 'The request is not valid.'],
  unauthenticated: ['unauthenticated', 'A valid access token is required.'],
  recentLoginRequired: ['unauthenticated', 'This takes a login within the last 15 minutes. Log in again.'],
  forbidden: ['forbidden', 'You are not allowed to do this.'],
  insufficientScope: ['forbidden', 'The application was not allowed to do this.'],
  notFound: ['not-found', 'There is nothing here.'],
  tooManyRequests: ['too-many', 'Too many requests.'],
  unavailable: ['unavailable', 'This is not available right now. Try again.'],
  /** The answer was lost on the way, after the work may have been done. A retry does it twice. */
  outcomeUnknown: [
    'unavailable',
    'The outcome is unknown. Check it first, or repeat the request with its Idempotency-Key.',
  ],
  deadlineExceeded: ['unavailable', 'The time for this request is up. Its work may still be finished.'],
  internal: ['internal', 'Something went wrong on our side. The request id helps us find it.'],
});
