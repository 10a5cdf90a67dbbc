import type { ServerUnaryCall } from '@grpc/grpc-js';

interface CallInside {
  readonly call?: { readonly stream?: { readonly session?: object } };
}

/** The HTTP/2 session that a call came over, the same one for all calls of a connection. grpc-js has no method for it. */
export const sessionOf = (call: ServerUnaryCall<unknown, unknown>): object | undefined =>
  (call as CallInside).call?.stream?.session;
