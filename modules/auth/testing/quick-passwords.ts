import { AuthErrors } from '../contract.ts';
import { PasswordHasher } from '../domain/password-hasher.ts';
import { normalized } from '../domain/password-rules.ts';

/** Hashes nothing, and counts how often the real thing would have worked hard. */
export class QuickPasswords extends PasswordHasher {
  work = 0;
  /** Raise it to make the hashes so far outdated. */
  cost = 1;
  /** Turns everybody away, as when too many wait. */
  busy = false;

  async hash(password: string) {
    this.#work();
    return `$argon2id$quick$${this.cost}$${normalized(password)}`;
  }

  async verify(password: string, hash: string | undefined) {
    this.#work();
    return hash?.split('$').slice(4).join('$') === normalized(password);
  }

  #work() {
    if (this.busy) throw AuthErrors.busy();
    this.work += 1;
  }

  isOutdated(hash: string) {
    return Number(hash.split('$')[3]) < this.cost;
  }
}
