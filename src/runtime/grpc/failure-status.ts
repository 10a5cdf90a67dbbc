/**
 * Failures on the wire: a status by kind, and beside it google.rpc.Status with all that a Failure says. From there
 * the caller makes the same Failure again; a client in another language reads ErrorInfo.
 */
import { Metadata, status as Code, type StatusObject } from '@grpc/grpc-js';
import type { Message } from 'protobufjs';
import {
  type ErrorDefinition,
  type ErrorKind,
  errorKinds,
  Failure,
  type FailureDetails,
  type FieldError,
  platformErrors,
} from '#platform/errors.ts';
import { BadRequest, ErrorInfo, RetryInfo, Status } from './google-rpc.ts';

const detailsKey = 'grpc-status-details-bin';
const domain = 'fissile';
const typePrefix = 'type.googleapis.com/google.rpc.';
/** Bytes of rejected fields that go along: headers are bounded on both sides. */
const maxFieldBytes = 24 * 1024;
/** Characters of the message that stand in the plain status; all of it is in the details. */
const maxPlainMessage = 1_000;

const codes: Readonly<Record<ErrorKind, Code>> = {
  invalid: Code.INVALID_ARGUMENT,
  unauthenticated: Code.UNAUTHENTICATED,
  forbidden: Code.PERMISSION_DENIED,
  'not-found': Code.NOT_FOUND,
  conflict: Code.FAILED_PRECONDITION,
  'too-many': Code.RESOURCE_EXHAUSTED,
  unavailable: Code.UNAVAILABLE,
  internal: Code.INTERNAL,
};

const codeOf = ({ code, kind }: Failure): Code =>
  code === platformErrors.deadlineExceeded.code ? Code.DEADLINE_EXCEEDED : codes[kind];

export interface WireStatus {
  readonly code: Code;
  readonly details: string;
  readonly metadata: Metadata;
}

/** A module that answers is not tried again, even where it says `unavailable`: it was reached, and knows why. */
export function statusOfFailure(failure: Failure): WireStatus {
  const { code: reason, kind, message, fields, retryAfter } = failure;
  const code = codeOf(failure);
  const details = [packed('ErrorInfo', ErrorInfo.encode({ reason, domain, metadata: { kind } }).finish())];
  if (fields !== undefined) details.push(packed('BadRequest', badRequest(fields)));
  if (retryAfter !== undefined)
    details.push(packed('RetryInfo', RetryInfo.encode({ retryDelay: durationOf(retryAfter) }).finish()));
  const metadata = new Metadata();
  metadata.set(detailsKey, Buffer.from(Status.encode({ code, message, details }).finish()));
  if (code === Code.UNAVAILABLE) metadata.set('grpc-retry-pushback-ms', '-1');
  return { code, details: message.slice(0, maxPlainMessage).toWellFormed(), metadata };
}

const packed = (name: string, value: Uint8Array) => ({ typeUrl: typePrefix + name, value });

function badRequest(fields: readonly FieldError[]): Uint8Array {
  let bytes = 0;
  const fitting = fields.filter(
    ({ path, message }) => (bytes += Buffer.byteLength(path) + Buffer.byteLength(message) + 8) <= maxFieldBytes,
  );
  return BadRequest.encode({
    fieldViolations: fitting.map(({ path, message }) => ({ field: path, description: message })),
  }).finish();
}

const durationOf = (seconds: number) => ({ seconds: Math.floor(seconds), nanos: Math.round((seconds % 1) * 1e9) });

interface Any {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}
interface Duration {
  readonly seconds: { toNumber(): number } | number;
  readonly nanos: number;
}

/** The Failure that the callee threw; undefined where the status is the transport's own. */
export function failureOfStatus(status: StatusObject): Failure | undefined {
  const bytes = status.metadata.get(detailsKey)[0];
  if (!Buffer.isBuffer(bytes)) return undefined;
  const { message, details } = Status.decode(bytes) as Message & { message: string; details: Any[] };
  const find = (name: string) => details.find(({ typeUrl }) => typeUrl === typePrefix + name)?.value;
  const info = find('ErrorInfo');
  if (!info) return undefined;
  const { reason, metadata } = ErrorInfo.decode(info) as Message & { reason: string; metadata: Record<string, string> };
  const kind = errorKinds.find((known) => known === metadata.kind) ?? 'internal';
  const failureDetails: FailureDetails = {};
  const rejected = find('BadRequest');
  if (rejected) {
    const { fieldViolations } = BadRequest.decode(rejected) as Message & {
      fieldViolations: { field: string; description: string }[];
    };
    failureDetails.fields = fieldViolations.map(({ field, description }) => ({ path: field, message: description }));
  }
  const retry = find('RetryInfo');
  if (retry) {
    const { retryDelay } = RetryInfo.decode(retry) as Message & { retryDelay: Duration };
    failureDetails.retryAfter = Number(retryDelay.seconds) + retryDelay.nanos / 1e9;
  }
  return new Failure(reason, kind, message, failureDetails);
}

const ownErrors: Readonly<Partial<Record<Code, ErrorDefinition>>> = {
  [Code.INVALID_ARGUMENT]: platformErrors.invalidRequest,
  [Code.UNAUTHENTICATED]: platformErrors.unauthenticated,
  [Code.PERMISSION_DENIED]: platformErrors.forbidden,
  [Code.NOT_FOUND]: platformErrors.notFound,
  [Code.DEADLINE_EXCEEDED]: platformErrors.deadlineExceeded,
  [Code.CANCELLED]: platformErrors.unavailable,
  [Code.UNAVAILABLE]: platformErrors.unavailable,
};

/** The failure for a status that says no more than its code. Its text is about addresses and sockets: for the log. */
export const failureOfTransport = ({ code, details }: StatusObject, retryAfter: number): Failure => {
  const definition = ownErrors[code] ?? platformErrors.internal;
  const cause = new Error(`${Code[code]}: ${details}`);
  return definition({ cause, ...(definition.kind === 'unavailable' && { retryAfter }) });
};
