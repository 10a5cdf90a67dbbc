/** For tests: a transaction over ports in memory, which keeps what the one of PostgreSQL keeps. */
import { ambientTransaction, type AmbientTransaction } from './database.ts';
import type { Transaction } from './transaction.ts';

class Undoing implements AmbientTransaction {
  open = true;
  readonly outer = ambientTransaction.getStore();
  readonly owner: object;
  /** Why it must not commit, although the error may have been caught on the way. */
  refusal: { readonly reason: unknown } | undefined;
  readonly undo: (() => void)[] = [];

  constructor(owner: object) {
    this.owner = owner;
  }
}

/**
 * Makes a transaction of its own for the ports of one module. Its transactions run one after another, as if each locked all
 * that it reads; one within another joins it. Work that rejects leaves everything as it was.
 */
export function inMemoryTransaction(): Transaction {
  const owner = {};
  let last: Promise<unknown> = Promise.resolve();

  async function run<T>(work: () => Promise<T>): Promise<T> {
    const transaction = new Undoing(owner);
    try {
      const result = await ambientTransaction.run(transaction, work);
      if (transaction.refusal) throw transaction.refusal.reason;
      return result;
    } catch (error) {
      for (const undo of transaction.undo.reverse()) undo();
      throw error;
    } finally {
      transaction.open = false;
    }
  }

  async function join<T>(transaction: Undoing, work: () => Promise<T>): Promise<T> {
    if (!transaction.open)
      throw new Error('The transaction of this work has ended already. Is an await missing on the way?');
    try {
      return await work();
    } catch (error) {
      transaction.refusal ??= { reason: error };
      throw error;
    }
  }

  return (work) => {
    const ambient = find((transaction) => transaction.owner === owner);
    if (ambient) return join(ambient, work);
    const turn = last.then(() => run(work));
    last = turn.catch(() => {});
    return turn;
  };
}

/** Called by an in-memory port when it changes something: how to take that back if the transaction around it fails. */
export function onRollback(undo: () => void): void {
  find(({ open }) => open)?.undo.push(undo);
}

function find(wanted: (transaction: Undoing) => boolean): Undoing | undefined {
  for (let found = ambientTransaction.getStore(); found; found = found.outer) {
    if (found instanceof Undoing && wanted(found)) return found;
  }
  return undefined;
}

/** A Map whose changes are taken back when the transaction around them fails. Replace its values, do not change them. */
export class InMemoryTable<Key, Row> extends Map<Key, Row> {
  override set(key: Key, row: Row): this {
    this.#remember(key);
    return super.set(key, row);
  }

  override delete(key: Key): boolean {
    this.#remember(key);
    return super.delete(key);
  }

  #remember(key: Key): void {
    const before = super.get(key);
    const existed = super.has(key);
    onRollback(() => void (existed ? super.set(key, before as Row) : super.delete(key)));
  }
}
