import type { Logger } from '#platform/logger.ts';

/**
 * Runs its tasks one after the other, again and again, with a random shift so that instances do not look at the
 * same moment. A task that fails is logged and has its next turn.
 */
export class Sweeper {
  readonly #interval: number;
  readonly #tasks: readonly (() => Promise<void>)[];
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #underWay: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(interval: number, tasks: readonly (() => Promise<void>)[], logger: Logger) {
    this.#interval = interval;
    this.#tasks = tasks;
    this.#logger = logger;
  }

  /** The first sweep starts at once: what the last run of the program left behind does not wait. */
  start(): void {
    this.#underWay = this.#sweep();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#underWay;
  }

  async #sweep(): Promise<void> {
    for (const task of this.#tasks) {
      if (this.#stopped) return;
      try {
        await task();
      } catch (error) {
        if (!this.#stopped) this.#logger.warn('A sweep failed; the next one follows.', { error });
      }
    }
    const pause = this.#interval * (0.75 + Math.random() / 2);
    if (!this.#stopped) this.#timer = setTimeout(() => (this.#underWay = this.#sweep()), pause);
  }
}
