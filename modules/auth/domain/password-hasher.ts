/** Slow on purpose. At most a few at a time; when too many wait, `auth.busy`. */
export abstract class PasswordHasher {
  /** The hash with its salt and parameters, as one text. An aborted `signal` takes it out of the queue. */
  abstract hash(password: string, signal?: AbortSignal): Promise<string>;

  /** Whether it is the password behind `hash`. Without a hash it does the same work and says no. */
  abstract verify(password: string, hash: string | undefined, signal?: AbortSignal): Promise<boolean>;

  /** Whether `hash` was made with less work than is asked for today. */
  abstract isOutdated(hash: string): boolean;
}
