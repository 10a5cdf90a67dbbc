import { randomInt, randomUUID } from 'node:crypto';
import type { Clock } from '#platform/clock.ts';
import { InMemoryTable } from '#platform/in-memory-transaction.ts';
import {
  EmailCodes,
  type EmailPurpose,
  guessesAllowed,
  proofLifetime,
  proofsAtOnce,
  type Proven,
} from '../domain/email-codes.ts';

interface Held extends Proven {
  readonly purpose: EmailPurpose;
  readonly code: string;
  readonly guesses: number;
  readonly expiresAt: Date;
}

export class InMemoryEmailCodes extends EmailCodes {
  readonly #held = new InMemoryTable<string, Held>();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    super();
    this.#clock = clock;
  }

  async issue(purpose: EmailPurpose, { accountId, email }: Proven) {
    const proof = { token: randomUUID(), code: String(randomInt(1_000_000)).padStart(6, '0') };
    const expiresAt = new Date(this.#clock.now().getTime() + proofLifetime[purpose]);
    this.#held.set(proof.token, { accountId, email, purpose, code: proof.code, guesses: 0, expiresAt });
    const older = this.#of(accountId, purpose).slice(0, -proofsAtOnce);
    for (const [token] of older) this.#held.delete(token);
    return proof;
  }

  async find(purpose: EmailPurpose, token: string) {
    return this.#find(purpose, token);
  }

  #find(purpose: EmailPurpose, token: string): Proven | undefined {
    const held = this.#held.get(token);
    if (!held || held.purpose !== purpose || held.expiresAt <= this.#clock.now()) return undefined;
    return { accountId: held.accountId, email: held.email };
  }

  async redeem(purpose: EmailPurpose, token: string) {
    const proven = this.#find(purpose, token);
    if (proven) this.#forget(proven.accountId, purpose);
    return proven;
  }

  async redeemCode(purpose: EmailPurpose, accountId: string, code: string) {
    const all = this.#of(accountId, purpose);
    const right = all.find(
      ([, held]) => held.code === code && held.guesses < guessesAllowed && held.expiresAt > this.#clock.now(),
    );
    if (right) return this.redeem(purpose, right[0]);
    for (const [token, held] of all) this.#held.set(token, { ...held, guesses: held.guesses + 1 });
    return undefined;
  }

  async forget(accountId: string, purpose: EmailPurpose) {
    this.#forget(accountId, purpose);
  }

  #forget(accountId: string, purpose: EmailPurpose): void {
    for (const [token] of this.#of(accountId, purpose)) this.#held.delete(token);
  }

  async prune() {
    for (const [token, { expiresAt }] of this.#held) if (expiresAt <= this.#clock.now()) this.#held.delete(token);
  }

  #of(accountId: string, purpose: EmailPurpose) {
    return [...this.#held].filter(([, held]) => held.accountId === accountId && held.purpose === purpose);
  }
}
