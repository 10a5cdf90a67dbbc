/** One partition of a topic while it is this process's to read. */
export class Partition {
  readonly number: number;
  /** The offset to read on from. */
  next: bigint;
  /** Offsets of what was taken and is not done, in the order of the log. */
  readonly #underWay = new Set<bigint>();
  readonly #leaving = new AbortController();
  readonly #abandoning = new AbortController();
  #quiet: (() => void)[] = [];
  #beingDone = 0;
  committed: bigint;

  constructor(number: number, offset: bigint) {
    this.number = number;
    this.next = offset;
    this.committed = offset;
  }

  /** How much was taken and is not done. */
  get load(): number {
    return this.#underWay.size;
  }

  /** The offset that everything before is done: what may be committed. */
  get done(): bigint {
    const [first = this.next] = this.#underWay;
    return first;
  }

  /** True when nothing that was taken from it may begin any more. */
  get left(): boolean {
    return this.#leaving.signal.aborted;
  }

  /** Aborted when even what has begun is given up: the partition is somebody else's, or will be. */
  get abandoned(): AbortSignal {
    return this.#abandoning.signal;
  }

  taken(offset: bigint): void {
    this.#underWay.add(offset);
  }

  /** It was nothing to do. */
  pass(offset: bigint): void {
    this.#underWay.delete(offset);
  }

  /** Runs `work` for a record, which is done if it resolves with true. Not at all once the partition was left. */
  async do(offset: bigint, work: () => Promise<boolean>): Promise<void> {
    if (this.left) return;
    this.#beingDone++;
    try {
      if (await work()) this.#underWay.delete(offset);
    } finally {
      this.#beingDone--;
      if (this.#beingDone === 0) for (const tell of this.#quiet.splice(0)) tell();
    }
  }

  /** Begins nothing more; resolves when what has begun is done. */
  async leave(): Promise<void> {
    this.#leaving.abort();
    if (this.#beingDone > 0) await new Promise<void>((resolve) => this.#quiet.push(resolve));
  }

  abandon(): void {
    this.#leaving.abort();
    this.#abandoning.abort();
  }
}
