/** Which modules run in the process that calls, by its certificate. */
import { X509Certificate } from 'node:crypto';
import type { ServerUnaryCall } from '@grpc/grpc-js';
import { sessionOf } from '../library-internals/grpc-session.ts';
import { isMadeOutTo } from '../security/made-out-to.ts';

type Call = ServerUnaryCall<unknown, unknown>;

/** Looks into each connection's certificate once: that costs as much as a good part of a call. */
export class PeerNames {
  readonly #known: ReadonlySet<string>;
  readonly #read = new WeakMap<object, ReadonlySet<string>>();

  /** Counts only those of a certificate's names that are in `known`. */
  constructor(known: Iterable<string>) {
    this.#known = new Set(known);
  }

  of(call: Call): ReadonlySet<string> {
    const session = sessionOf(call);
    const read = session && this.#read.get(session);
    if (read !== undefined) return read;
    const names = this.#namesIn(call);
    if (session) this.#read.set(session, names);
    return names;
  }

  #namesIn(call: Call): ReadonlySet<string> {
    const raw = call.getAuthContext().sslPeerCertificate?.raw;
    if (!raw) return new Set();
    const certificate = new X509Certificate(raw);
    return new Set([...this.#known].filter((name) => isMadeOutTo(certificate, name)));
  }
}
