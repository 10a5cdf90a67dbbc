export interface Job {
  /** Does not reject. */
  run(): Promise<void>;
  /** It was waiting and will not run. */
  drop(): void;
}

interface Lane {
  /** Waiting jobs, by key. A key is here exactly while it has a job under way or waiting. */
  readonly chains: Map<string, Job[]>;
  /** Keys whose first job may start. */
  readonly ready: string[];
  running: number;
}

/**
 * Does jobs at once, within bounds: those with the same lane and key one after the other, `limit` in all, and
 * `laneLimit` a lane, so that one lane whose jobs hang leaves room for the others. Lanes take turns.
 */
export class KeyedWork {
  readonly #limit: number;
  readonly #laneLimit: number;
  readonly #lanes = new Map<string, Lane>();
  /** The lanes again, the one whose turn it is first. */
  #turns: Lane[] = [];
  #running = 0;
  #waiting = 0;
  #open = false;
  #idle: (() => void)[] = [];

  constructor(limit: number, laneLimit: number) {
    this.#limit = limit;
    this.#laneLimit = laneLimit;
  }

  add(laneName: string, key: string, job: Job): void {
    const lane = this.#lane(laneName);
    const chain = lane.chains.get(key);
    if (chain) {
      chain.push(job);
    } else {
      lane.chains.set(key, [job]);
      lane.ready.push(key);
    }
    this.#waiting++;
    this.#startNext();
  }

  /** Nothing starts before. */
  open(): void {
    this.#open = true;
    this.#startNext();
  }

  /** Nothing starts any more; what waits is dropped. */
  close(): void {
    this.#open = false;
    const waiting = this.#turns.flatMap((lane) => [...lane.chains.values()].flatMap((chain) => chain.splice(0)));
    for (const lane of this.#turns) lane.ready.length = 0;
    this.#waiting = 0;
    for (const job of waiting) job.drop();
    this.#tellIdle();
  }

  /** Resolves when nothing is under way and nothing waits. */
  async idle(): Promise<void> {
    if (this.#running + this.#waiting > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #lane(name: string): Lane {
    let lane = this.#lanes.get(name);
    if (!lane) {
      lane = { chains: new Map(), ready: [], running: 0 };
      this.#lanes.set(name, lane);
      this.#turns.unshift(lane);
    }
    return lane;
  }

  #startNext(): void {
    while (this.#open && this.#running < this.#limit) {
      const turn = this.#turns.findIndex((lane) => lane.ready.length > 0 && lane.running < this.#laneLimit);
      if (turn < 0) return;
      const lane = this.#turns[turn]!;
      this.#turns = [...this.#turns.slice(0, turn), ...this.#turns.slice(turn + 1), lane];
      void this.#run(lane, lane.ready.shift()!);
    }
  }

  async #run(lane: Lane, key: string): Promise<void> {
    const chain = lane.chains.get(key)!;
    const job = chain.shift()!;
    this.#waiting--;
    this.#running++;
    lane.running++;
    await job.run();
    this.#running--;
    lane.running--;
    if (chain.length > 0) lane.ready.push(key);
    else lane.chains.delete(key);
    this.#startNext();
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#running + this.#waiting === 0) for (const tell of this.#idle.splice(0)) tell();
  }
}
