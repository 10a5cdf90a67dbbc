// ADR 0022
/** Who asked for a piece of work. */
export interface Lane {
  readonly network: string;
  readonly account: string;
}

interface Waiter extends Lane {
  readonly start: () => void;
  readonly turnAway: () => void;
}

/** The waiters of one network, by account. The first entry is the next one's turn. */
class Line {
  readonly accounts: Map<string, Set<Waiter>> = new Map();
  size = 0;
}

/**
 * Runs a few pieces of work at a time and lets a bounded number wait. Networks take turns, and so do the accounts of a
 * network: a sender of many waits for their own. When too many wait, the last one of the network with the most makes
 * room for one of a network with fewer; among those of one network, accounts do the same. Work without room is refused.
 */
export class FairQueue {
  readonly #concurrency: number;
  readonly #longest: number;
  readonly #refuse: () => Error;
  readonly #perNetwork: number;
  /** How many of each network run or wait. */
  readonly #present: Map<string, number> = new Map();
  readonly #lines: Map<string, Line> = new Map();
  #waiting = 0;
  #running = 0;

  /** `perNetwork` bounds how many of one network may run or wait; without it the turns alone share what there is. */
  constructor(concurrency: number, longest: number, refuse: () => Error, perNetwork = Infinity) {
    this.#concurrency = concurrency;
    this.#longest = longest;
    this.#refuse = refuse;
    this.#perNetwork = perNetwork;
  }

  async run<T>(work: () => Promise<T>, lane: Lane, signal?: AbortSignal): Promise<T> {
    const { network } = lane;
    const others = this.#present.get(network) ?? 0;
    if (others >= this.#perNetwork) throw this.#refuse();
    this.#present.set(network, others + 1);
    try {
      return await this.#inTurn(work, lane, signal);
    } finally {
      const left = this.#present.get(network)! - 1;
      if (left > 0) this.#present.set(network, left);
      else this.#present.delete(network);
    }
  }

  async #inTurn<T>(work: () => Promise<T>, lane: Lane, signal: AbortSignal | undefined): Promise<T> {
    await this.#turn(lane, signal);
    try {
      return await work();
    } finally {
      const next = this.#next();
      if (next) next.start();
      else this.#running -= 1;
    }
  }

  /** Resolves with a place among the running; finished work hands its place on. */
  async #turn({ network, account }: Lane, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw this.#refuse();
    if (this.#running < this.#concurrency) {
      this.#running += 1;
      return;
    }
    if (this.#waiting >= this.#longest && !this.#makeRoom({ network, account })) throw this.#refuse();
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#remove(waiter);
        waiter.turnAway();
      };
      const done = () => signal?.removeEventListener('abort', leave);
      const waiter: Waiter = {
        network,
        account,
        start: () => {
          done();
          resolve();
        },
        turnAway: () => {
          done();
          reject(this.#refuse());
        },
      };
      this.#add(waiter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #add(waiter: Waiter): void {
    const line = this.#lines.get(waiter.network) ?? new Line();
    const waiters = line.accounts.get(waiter.account) ?? new Set();
    this.#lines.set(waiter.network, line);
    line.accounts.set(waiter.account, waiters);
    waiters.add(waiter);
    line.size += 1;
    this.#waiting += 1;
  }

  #remove(waiter: Waiter): void {
    const line = this.#lines.get(waiter.network);
    const waiters = line?.accounts.get(waiter.account);
    if (!line || !waiters?.delete(waiter)) return;
    line.size -= 1;
    this.#waiting -= 1;
    if (waiters.size === 0) line.accounts.delete(waiter.account);
    if (line.size === 0) this.#lines.delete(waiter.network);
  }

  /** Takes out who is next, and puts their account and network at the end. */
  #next(): Waiter | undefined {
    const [network, line] = first(this.#lines) ?? [];
    const [account, waiters] = (line && first(line.accounts)) ?? [];
    const [waiter] = waiters ?? [];
    if (network === undefined || !line || account === undefined || !waiters || !waiter) return undefined;
    line.accounts.delete(account);
    line.accounts.set(account, waiters);
    this.#lines.delete(network);
    this.#lines.set(network, line);
    this.#remove(waiter);
    return waiter;
  }

  /** Turns away the last waiter of those who have the most. False when that would be the newcomer themselves. */
  #makeRoom({ network, account }: Lane): boolean {
    const own = this.#lines.get(network);
    let line = longest(this.#lines.values());
    if (!line) return false;
    if (line.size <= (own?.size ?? 0) + 1) line = own;
    const waiters = line && longest(line.accounts.values());
    if (!waiters) return false;
    if (line === own && waiters.size <= (own?.accounts.get(account)?.size ?? 0) + 1) return false;
    const last = [...waiters].at(-1)!;
    this.#remove(last);
    last.turnAway();
    return true;
  }
}

const first = <K, V>(map: Map<K, V>): [K, V] | undefined => map.entries().next().value;

function longest<T extends { readonly size: number }>(lines: Iterable<T>): T | undefined {
  let found: T | undefined;
  for (const line of lines) if (!found || line.size > found.size) found = line;
  return found;
}
