/** Which peers may call: those whose certificate names a module that declares the call. */
import { X509Certificate } from 'node:crypto';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { isMadeOutTo } from './peer-credentials.ts';

type Call = ServerUnaryCall<unknown, unknown>;

/** What grpc-js has inside a call, and no method for: the HTTP/2 session it came in. */
interface CallInside {
  readonly call?: { readonly stream?: { readonly session?: object } };
}

/** Looks into each connection's certificate once: that costs as much as a good part of a call. */
export class PeerCheck {
  readonly #callers: readonly string[];
  readonly #judged = new WeakMap<object, boolean>();

  constructor(callers: readonly string[]) {
    this.#callers = callers;
  }

  admits(call: Call): boolean {
    const session = (call as CallInside).call?.stream?.session;
    const judged = session && this.#judged.get(session);
    if (judged !== undefined) return judged;
    const admitted = this.#judge(call);
    if (session) this.#judged.set(session, admitted);
    return admitted;
  }

  #judge(call: Call): boolean {
    const raw = call.getAuthContext().sslPeerCertificate?.raw;
    if (!raw) return false;
    const certificate = new X509Certificate(raw);
    return this.#callers.some((caller) => isMadeOutTo(certificate, caller));
  }
}
