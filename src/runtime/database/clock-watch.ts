import { type Clock, systemClock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import type { Database } from '#platform/database.ts';

/** Milliseconds. */
const lookEvery = 60_000;
/** Seconds. By more than this, tokens and limits go wrong where clocks of several machines meet. */
const tolerance = 5;

/** Compares the time of day of this machine with the database's, at the start and every minute. */
export class ClockWatch {
  readonly #database: Database;
  readonly #name: string;
  readonly #logger: Logger;
  readonly #clock: Clock;
  #ahead: number | undefined;
  #warned = false;
  #timer: NodeJS.Timeout | undefined;

  /** `name` is what the log calls the database. */
  constructor(database: Database, name: string, logger: Logger, clock: Clock = systemClock) {
    this.#database = database;
    this.#name = name;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Seconds by which this machine is ahead of the database; negative when it is behind, undefined before the first look. */
  get ahead(): number | undefined {
    return this.#ahead;
  }

  async start(): Promise<void> {
    this.#timer = setInterval(() => void this.look(), lookEvery).unref();
    await this.look();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** A database that is away changes nothing: what is known stays known. */
  async look(): Promise<void> {
    try {
      this.#ahead = await this.#measure();
    } catch {
      return;
    }
    const differs = Math.abs(this.#ahead) > tolerance;
    if (differs && !this.#warned) {
      const [seconds, where] = [Math.round(Math.abs(this.#ahead)), this.#ahead > 0 ? 'ahead of' : 'behind'];
      this.#logger.warn(
        `The clock of this machine is ${seconds} s ${where} that of the database of ${this.#name}. Synchronize both, such as with NTP.`,
      );
    }
    this.#warned = differs;
  }

  /** The database's time belongs to some moment of the question: a difference within it is none. */
  async #measure(): Promise<number> {
    // A wait for a connection would count as a part of the question.
    const { asked, answered, databaseTime } = await this.#database.transaction(async () => {
      await this.#database.query('SELECT 1');
      const begun = this.#clock.now().getTime();
      const { rows } = await this.#database.query<{ now: number }>(
        'SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS now',
      );
      return { asked: begun, answered: this.#clock.now().getTime(), databaseTime: rows[0]!.now };
    });
    if (databaseTime < asked) return (asked - databaseTime) / 1_000;
    return databaseTime > answered ? (answered - databaseTime) / 1_000 : 0;
  }
}
