import { AsyncLocalStorage } from 'node:async_hooks';
import { v7 as uuid } from 'uuid';
import { backgroundContext, newTrace, runInContext, type Trace } from '#platform/context.ts';
import type { Database } from '#platform/database.ts';
import { liveOwners, nobody, type Ownership } from './ownership.ts';
import { orFail, within } from '../within.ts';
import type { Logger } from '#platform/logger.ts';
import { ended, type Tracing } from '../observability/spans.ts';

export interface Schedule {
  readonly name: string;
  /** Milliseconds from the start of one run to the next. */
  readonly every: number;
  readonly run: () => Promise<void>;
}

/** A new one starts at a random moment, so that what has the same rhythm does not run at the same time. */
const introduce = `
  insert into schedules (name, next_run_at)
  select name, now() + random() * least(every, 60000) * interval '1 ms' from unnest($1::text[], $2::float8[]) as new (name, every)
  on conflict do nothing`;

/** A new release may have shortened the time between two runs. */
const hasten = `
  update schedules set next_run_at = now() + every * interval '1 ms'
  from unnest($1::text[], $2::float8[]) as known (name, every)
  where schedules.name = known.name and next_run_at > now() + every * interval '1 ms'`;

/**
 * Due schedules. One that an instance is running, or died while running, is still due: its next run is set when it has
 * finished. Our own that is not running here was claimed, or finished, without our hearing the answer.
 */
const claim = `
  with live as (${liveOwners})
  update schedules set owner = $1, last_run_at = now()
  where name = any ($2) and next_run_at <= now() and (owner not in (select * from live) or owner = $1 and last_run_at < now() - interval '5 s')
  returning name`;

const finish = `
  update schedules
  set owner = ${nobody}, last_error = $4, next_run_at = greatest(now(), last_run_at + $3 * interval '1 ms')
  where name = $1 and owner = $2`;

/** A run may take as long as there is until the next one, but always a minute. */
const timeoutOf = ({ every }: Schedule) => Math.max(every, 60_000);

/** Runs schedules, each run by one of all instances of the program. */
export class Scheduler {
  readonly #database: Database;
  readonly #ownership: Ownership;
  readonly #schedules: ReadonlyMap<string, Schedule>;
  readonly #logger: Logger;
  readonly #tracing: Tracing | undefined;
  readonly #detached = AsyncLocalStorage.snapshot();
  readonly #running = new Map<string, Promise<void>>();
  #open = false;

  constructor(
    database: Database,
    ownership: Ownership,
    schedules: readonly Schedule[],
    logger: Logger,
    tracing?: Tracing,
  ) {
    this.#database = database;
    this.#ownership = ownership;
    this.#schedules = new Map(schedules.map((schedule) => [schedule.name, schedule]));
    this.#logger = logger;
    this.#tracing = tracing;
  }

  async open(): Promise<void> {
    const schedules = [...this.#schedules.values()];
    const values = [schedules.map(({ name }) => name), schedules.map(({ every }) => every)];
    await this.#database.query(introduce, values);
    await this.#database.query(hasten, values);
    this.#open = true;
  }

  /** Starts what is due. */
  async sweep(): Promise<void> {
    const { owner } = this.#ownership;
    const idle = [...this.#schedules.keys()].filter((name) => !this.#running.has(name));
    if (!this.#open || owner === nobody || idle.length === 0) return;
    const { rows } = await this.#database.query<{ name: string }>(claim, [owner, idle]);
    // Stopped meanwhile: what was claimed is due for the next instance, as if this one had died.
    if (!this.#open) return;
    for (const { name } of rows) {
      const run = this.#detached(() => this.#run(this.#schedules.get(name)!, owner));
      this.#running.set(
        name,
        run.finally(() => this.#running.delete(name)),
      );
    }
  }

  /** Starts nothing more; resolves when the runs under way are done. */
  async drain(): Promise<void> {
    this.#open = false;
    await Promise.all(this.#running.values());
  }

  #run(schedule: Schedule, owner: number): Promise<void> {
    const trace = this.#tracing?.enter({ name: `schedule ${schedule.name}` }, undefined) ?? newTrace();
    return runInContext(backgroundContext(uuid(), timeoutOf(schedule), trace), () =>
      this.#runInTrace(schedule, owner, trace),
    );
  }

  async #runInTrace(schedule: Schedule, owner: number, trace: Trace): Promise<void> {
    const { name, every, run } = schedule;
    let failure: string | null = null;
    try {
      const limited = within(
        timeoutOf(schedule),
        (async () => run())(),
        orFail(() => new Error('The run took too long and is not waited for.')),
      );
      await ended(trace, limited);
    } catch (error) {
      failure = String(error).slice(0, 2_000);
      this.#logger.error('A scheduled run failed; the next one follows.', { error, schedule: name });
    }
    try {
      await this.#database.query(finish, [name, owner, every, failure]);
    } catch (error) {
      this.#logger.warn('The end of a scheduled run could not be stored; it will run again.', {
        error,
        schedule: name,
      });
    }
  }
}
