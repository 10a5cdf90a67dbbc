/** Runs a few pieces of work at a time and lets a bounded number wait; more are refused at once. */
export class BoundedQueue {
  readonly #concurrency: number;
  readonly #longest: number;
  readonly #refuse: () => Error;
  readonly #waiting: Set<() => void> = new Set();
  #running = 0;

  constructor(concurrency: number, longest: number, refuse: () => Error) {
    this.#concurrency = concurrency;
    this.#longest = longest;
    this.#refuse = refuse;
  }

  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#turn(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.values().next().value;
      if (next) next();
      else this.#running -= 1;
    }
  }

  /** Resolves with a place among the running; whoever is done hands theirs on. */
  async #turn(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw this.#refuse();
    if (this.#running < this.#concurrency) {
      this.#running += 1;
      return;
    }
    if (this.#waiting.size >= this.#longest) throw this.#refuse();
    await new Promise<void>((resolve, reject) => {
      const start = () => {
        this.#waiting.delete(start);
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(start);
        reject(this.#refuse());
      };
      this.#waiting.add(start);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }
}
