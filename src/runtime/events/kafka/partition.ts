/** One partition of a topic while it is this process's to read. */
export class Partition {
  readonly number: number;
  /** The offset to read on from. */
  next: bigint;
  committed: bigint;
  /** Offsets of what was taken and is not done, in the order of the log. */
  readonly #underWay = new Set<bigint>();
  readonly #leaving = new AbortController();
  #begun = 0;
  #quiet: (() => void)[] = [];

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

  /** Aborted when it is somebody else's, or will be: nothing more of it begins, and what failed is not tried again. */
  get left(): AbortSignal {
    return this.#leaving.signal;
  }

  take(offsets: readonly bigint[], next: bigint): void {
    for (const offset of offsets) this.#underWay.add(offset);
    this.next = next;
  }

  /** Begins again from an earlier offset, in a log that is not the one that was read before. */
  restart(offset: bigint): void {
    this.#underWay.clear();
    this.next = offset;
    this.committed = offset;
  }

  /** Nothing was to be done. */
  pass(offset: bigint): void {
    this.#underWay.delete(offset);
  }

  /** Does what a record asks for, unless the partition was left; it is done if `work` resolves with true. */
  async do(offset: bigint, work: () => Promise<boolean>): Promise<void> {
    if (this.left.aborted) return;
    this.#begun++;
    if (await work()) this.#underWay.delete(offset);
    this.#begun--;
    if (this.#begun === 0) for (const tell of this.#quiet.splice(0)) tell();
  }

  /** Resolves when what has begun is done or given up. */
  async leave(): Promise<void> {
    this.#leaving.abort();
    if (this.#begun > 0) await new Promise<void>((resolve) => this.#quiet.push(resolve));
  }
}
