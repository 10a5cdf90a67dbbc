/** Who a hash is computed for. Networks take turns, and so do the accounts of a network. */
export interface Requester {
  /** For somebody who is logged in, their account. */
  readonly network: string;
  readonly account: string;
  /** When it aborts, a computation that has not begun is dropped. */
  readonly signal: AbortSignal;
}

/** Slow on purpose. At most a few at a time; when too many wait, `auth.busy`. */
export abstract class PasswordHasher {
  /** The hash with its salt and parameters, as one text. */
  abstract hash(password: string, requester?: Requester): Promise<string>;

  /** Tells whether it is the password behind `hash`. Without a hash it does the same work and says no. */
  abstract verify(password: string, hash: string | undefined, requester?: Requester): Promise<boolean>;

  /** Tells whether `hash` was made with less work than is asked for today. */
  abstract isOutdated(hash: string): boolean;
}
