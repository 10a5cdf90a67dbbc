/**
 * Metadata of a call: the trace, the id of the request, and the user's own access token. A callee believes nothing
 * else of it, and the token only after it has checked it.
 */
import { randomUUID } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import type { CallContext, Trace } from '#platform/context.ts';
import { acceptedRequestId, traceFields, traceOf } from '../observability/trace-context.ts';

export function callMetadata({ trace, requestId, token }: CallContext): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(traceFields(trace))) metadata.set(name, value);
  if (acceptedRequestId(requestId) !== undefined) metadata.set('x-request-id', requestId);
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

/** The place in a trace from where it was called. */
export const senderOf = (metadata: Metadata): Trace | undefined =>
  traceOf({
    traceparent: metadata.get('traceparent')[0],
    tracestate: metadata.get('tracestate')[0],
    baggage: metadata.get('baggage')[0],
  });

export const requestIdOf = (metadata: Metadata): string =>
  acceptedRequestId(metadata.get('x-request-id')[0]) ?? randomUUID();

/** The token of `authorization`; `malformed` where that says anything else. */
export function tokenOf(metadata: Metadata): { token: string } | 'none' | 'malformed' {
  const [given] = metadata.get('authorization');
  if (given === undefined) return 'none';
  const token = /^Bearer ([\w~+/.=-]+)$/i.exec(String(given))?.[1];
  return token === undefined ? 'malformed' : { token };
}
