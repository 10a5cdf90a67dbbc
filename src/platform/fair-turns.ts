interface Line<T> {
  readonly waiting: T[];
  underWay: number;
  /** Since when it could have been its turn, in milliseconds of the monotonic clock. */
  readySince: number;
}

/**
 * Who is next, where few can be served at once and nobody shall wait for somebody else's crowd: at most `limit` items are under
 * way, at most `share` of them of one key, and keys take turns. Places beyond a key's share are the others'.
 */
export class FairTurns<T> {
  readonly #limit: number;
  readonly #share: number;
  readonly #lines = new Map<string, Line<T>>();
  /** The keys that have something waiting and less than their share, the one whose turn it is first. */
  readonly #ready = new Set<string>();
  #underWay = 0;

  constructor(limit: number, share: number) {
    this.#limit = limit;
    this.#share = share;
  }

  get underWay(): number {
    return this.#underWay;
  }

  /** Waiting and under way. */
  countOf(key: string): number {
    const line = this.#lines.get(key);
    return line ? line.waiting.length + line.underWay : 0;
  }

  /** The keys that have their share, waiting or under way. */
  get full(): string[] {
    return [...this.#lines.keys()].filter((key) => this.countOf(key) >= this.#share);
  }

  /** Milliseconds that the next one has waited for its turn; what waits behind its own key's share does not count. */
  get longestWait(): number {
    for (const key of this.#ready) return performance.now() - this.#lines.get(key)!.readySince;
    return 0;
  }

  add(key: string, item: T): void {
    const line = this.#lines.get(key) ?? { waiting: [], underWay: 0, readySince: 0 };
    this.#lines.set(key, line);
    line.waiting.push(item);
    this.#settle(key, line);
  }

  /** Takes the next item, which is under way from now on, until `done`. Undefined where none may begin. */
  next(): T | undefined {
    if (this.#underWay >= this.#limit) return undefined;
    for (const key of this.#ready) {
      const line = this.#lines.get(key)!;
      const item = line.waiting.shift()!;
      line.underWay++;
      this.#underWay++;
      // Behind the others.
      this.#ready.delete(key);
      this.#settle(key, line);
      return item;
    }
    return undefined;
  }

  /** An item with this key, which was under way, has ended. */
  done(key: string): void {
    const line = this.#lines.get(key)!;
    line.underWay--;
    this.#underWay--;
    this.#settle(key, line);
  }

  /** An item that is waiting will not be taken. */
  remove(key: string, item: T): void {
    const line = this.#lines.get(key);
    const index = line?.waiting.indexOf(item) ?? -1;
    if (!line || index < 0) return;
    line.waiting.splice(index, 1);
    this.#settle(key, line);
  }

  /** Nothing waits any more. */
  clear(): void {
    for (const [key, line] of this.#lines) {
      line.waiting.length = 0;
      this.#settle(key, line);
    }
  }

  #settle(key: string, line: Line<T>): void {
    if (line.waiting.length === 0 || line.underWay >= this.#share) {
      this.#ready.delete(key);
    } else if (!this.#ready.has(key)) {
      line.readySince = performance.now();
      this.#ready.add(key);
    }
    if (line.waiting.length === 0 && line.underWay === 0) this.#lines.delete(key);
  }
}
