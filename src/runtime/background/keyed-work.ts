import { FairTurns } from '#platform/fair-turns.ts';

export interface Job {
  /** Does not reject. */
  run(): Promise<void>;
  /** It was waiting and will not run. */
  drop(): void;
}

/** The waiting jobs of one key. It exists exactly while the key has a job under way or waiting. */
interface Chain {
  readonly lane: string;
  readonly id: string;
  readonly jobs: Job[];
}

/**
 * Does jobs at once, within bounds: those with the same lane and key one after the other, `limit` in all, and
 * `laneLimit` a lane, so that one lane whose jobs hang leaves room for the others. Lanes take turns.
 */
export class KeyedWork {
  readonly #chains = new Map<string, Chain>();
  /** The chains whose first job may start, by lane. */
  readonly #turns: FairTurns<Chain>;
  #waiting = 0;
  #open = false;
  #idle: (() => void)[] = [];

  constructor(limit: number, laneLimit: number) {
    this.#turns = new FairTurns(limit, laneLimit);
  }

  add(lane: string, key: string, job: Job): void {
    const id = JSON.stringify([lane, key]);
    const chain = this.#chains.get(id);
    if (chain) {
      chain.jobs.push(job);
    } else {
      const begun = { lane, id, jobs: [job] };
      this.#chains.set(id, begun);
      this.#turns.add(lane, begun);
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
    const waiting = [...this.#chains.values()].flatMap(({ jobs }) => jobs.splice(0));
    this.#turns.clear();
    this.#waiting = 0;
    for (const job of waiting) job.drop();
    this.#tellIdle();
  }

  /** Resolves when nothing is under way and nothing waits. */
  async idle(): Promise<void> {
    if (this.#turns.underWay + this.#waiting > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #startNext(): void {
    for (let chain; this.#open && (chain = this.#turns.next());) void this.#run(chain);
  }

  async #run(chain: Chain): Promise<void> {
    const { lane, id, jobs } = chain;
    this.#waiting--;
    await jobs.shift()!.run();
    this.#turns.done(lane);
    if (jobs.length > 0) this.#turns.add(lane, chain);
    else this.#chains.delete(id);
    this.#startNext();
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.#turns.underWay + this.#waiting === 0) for (const tell of this.#idle.splice(0)) tell();
  }
}
