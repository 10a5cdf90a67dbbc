/** Resources opened while starting, closed in reverse order; a failing one does not keep the others from closing. */
import type { Logger } from '#platform/logger.ts';

export class Opened {
  readonly #closers: { what: string; close: () => Promise<unknown> | void }[] = [];
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  add(what: string, close: () => Promise<unknown> | void): void {
    this.#closers.push({ what, close });
  }

  async closeAll(): Promise<void> {
    for (let last = this.#closers.pop(); last; last = this.#closers.pop()) {
      try {
        await last.close();
      } catch (error) {
        this.#logger.error(`Closing ${last.what} failed.`, { error });
      }
    }
  }
}
