/**
 * Metadata of a call: the trace, the id of the request, and the user's own access token. A callee believes nothing
 * else of it, and the token only after it has checked it.
 */
import { randomUUID } from 'node:crypto';
import { Metadata } from '@grpc/grpc-js';
import type { CallContext } from '#platform/context.ts';
import { acceptedRequestId, continuedTrace, traceparentOf } from '../observability/trace-context.ts';

export function callMetadata({ trace, requestId, token }: CallContext): Metadata {
  const metadata = new Metadata();
  metadata.set('traceparent', traceparentOf(trace));
  if (acceptedRequestId(requestId) !== undefined) metadata.set('x-request-id', requestId);
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  return metadata;
}

export const traceOf = (metadata: Metadata) => continuedTrace(metadata.get('traceparent')[0]);

export const requestIdOf = (metadata: Metadata): string =>
  acceptedRequestId(metadata.get('x-request-id')[0]) ?? randomUUID();

/** The token of `authorization`; `malformed` where that says anything else. */
export function tokenOf(metadata: Metadata): { token: string } | 'none' | 'malformed' {
  const [given] = metadata.get('authorization');
  if (given === undefined) return 'none';
  const token = /^Bearer ([\w~+/.=-]+)$/i.exec(String(given))?.[1];
  return token === undefined ? 'malformed' : { token };
}
