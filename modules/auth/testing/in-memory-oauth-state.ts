import type { Clock } from '#platform/clock.ts';
import { InMemoryTable } from '#platform/in-memory-transaction.ts';
import { type KeptState, type NewState, OAuthState } from '../domain/oauth-state.ts';

const keyOf = (kind: string, id: string) => JSON.stringify([kind, id]);

/** `exists` tells whether there is such a session, or such an account. */
export class InMemoryOAuthState extends OAuthState {
  readonly #rows = new InMemoryTable<string, KeptState & NewState & { kind: string }>();
  readonly #clock: Clock;
  readonly #exists: (id: string) => boolean;

  constructor(clock: Clock, exists: (id: string) => boolean) {
    super();
    this.#clock = clock;
    this.#exists = exists;
  }

  async put(kind: string, id: string, state: NewState) {
    if ([state.sessionId, state.accountId].some((owner) => owner !== undefined && !this.#exists(owner))) return false;
    const consumedAt = this.#rows.get(keyOf(kind, id))?.consumedAt;
    this.#rows.set(keyOf(kind, id), { ...structuredClone(state), kind, consumedAt });
    return true;
  }
  async putOnce(kind: string, id: string, state: NewState) {
    return !this.#rows.has(keyOf(kind, id)) && this.put(kind, id, state);
  }
  async find(kind: string, id: string) {
    return this.#kept(this.#rows.get(keyOf(kind, id)));
  }
  async findByUid(kind: string, uid: string) {
    return this.#kept([...this.#rows.values()].find((row) => row.kind === kind && row.uid === uid));
  }
  async findByUserCode(kind: string, userCode: string) {
    return this.#kept([...this.#rows.values()].find((row) => row.kind === kind && row.userCode === userCode));
  }
  async consume(kind: string, id: string) {
    const row = this.#rows.get(keyOf(kind, id));
    if (!row || row.consumedAt) return false;
    this.#rows.set(keyOf(kind, id), { ...row, consumedAt: this.#clock.now() });
    return true;
  }
  async remove(kind: string, id: string) {
    this.#rows.delete(keyOf(kind, id));
  }
  async prune() {
    for (const [key, { expiresAt }] of this.#rows) if (expiresAt <= this.#clock.now()) this.#rows.delete(key);
  }

  #kept(row: (KeptState & NewState) | undefined): KeptState | undefined {
    const owners = [row?.sessionId, row?.accountId];
    if (!row || owners.some((owner) => owner !== undefined && !this.#exists(owner))) return undefined;
    return { payload: structuredClone(row.payload), consumedAt: row.consumedAt };
  }
}
