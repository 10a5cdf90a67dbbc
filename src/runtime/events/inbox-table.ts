// ADR 0005
/** The statements on a module's inbox. Without `state`, an event was never received. */
import type { Database } from '#platform/database.ts';
import type { Envelope } from './envelope.ts';

/** `waiting`: for its next try, or for an earlier one with its key. `dead`: given up until somebody replays it. */
type State = 'done' | 'waiting' | 'dead';

export interface Waiting {
  readonly subscription: string;
  readonly eventId: string;
  readonly key: string;
}

export interface Held extends Waiting {
  readonly attempts: number;
  readonly event: Envelope;
}

/**
 * Behind a waiting delivery with the same key only waiting is allowed. One statement, so that it goes out together
 * with BEGIN; no row comes back for an event that is known already.
 */
const accept = `
  with behind as (
    select exists (select from inbox where subscription = $1 and key = $3 and state = 'waiting') as waiting
  )
  insert into inbox (subscription, event_id, key, position, state, finished_at)
  select $1, $2, $3, $4, case when waiting then 'waiting' else 'done' end, case when waiting then null else now() end
  from behind
  on conflict do nothing returning state`;

const keepForLater = `update inbox set event = $3 where subscription = $1 and event_id = $2`;

const insertFailed = `
  insert into inbox (subscription, event_id, key, position, state, attempts, next_attempt_at, error, event)
  values ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 ms', $8, $9)
  on conflict do nothing`;

/** Due deliveries. One that waits for an earlier one with its key has no time of its own, with rare exceptions that `hold` turns down. */
const due = `
  select subscription, event_id as "eventId", key from inbox
  where state = 'waiting' and next_attempt_at <= now() and subscription = any ($1)
  order by next_attempt_at limit $2`;

/**
 * Never before an earlier one with its key: a delivery that failed because the connection broke has a time although
 * others wait before it. SKIP LOCKED: another instance is at it.
 */
const hold = `
  select subscription, event_id as "eventId", key, attempts, event from inbox
  where subscription = $1 and event_id = $2 and state = 'waiting' and next_attempt_at <= now() and not exists (
    select from inbox earlier
    where earlier.subscription = inbox.subscription and earlier.key = inbox.key and earlier.state = 'waiting'
      and earlier.position < inbox.position)
  for update skip locked`;

const finish = `
  update inbox
  set state = 'done', attempts = attempts + 1, next_attempt_at = null, error = null, event = null, finished_at = now()
  where subscription = $1 and event_id = $2`;

const failAgain = `
  update inbox
  set attempts = attempts + 1, error = $4, state = $5, next_attempt_at = now() + $6 * interval '1 ms'
  where subscription = $1 and event_id = $2 and state = 'waiting' and attempts = $3`;

/** The column rounds to milliseconds, possibly up, and the one promoted is tried at once. */
const promoteNext = `
  update inbox set next_attempt_at = now() - interval '1 ms'
  where state = 'waiting' and next_attempt_at is null and (subscription, event_id) = (
    select subscription, event_id from inbox
    where subscription = $1 and key = $2 and state = 'waiting' order by position limit 1)
  returning subscription, event_id as "eventId", key`;

/** Reads the index of what waits once, in its order; asking for each row whether it is the first takes minutes. */
const promoteForgotten = `
  update inbox set next_attempt_at = now()
  where next_attempt_at is null and (subscription, event_id) in (
    select subscription, event_id from (
      select distinct on (subscription, key) subscription, event_id, next_attempt_at from inbox
      where state = 'waiting' and subscription = any ($1) order by subscription, key, position) as first
    where next_attempt_at is null)`;

export class InboxTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Undefined if it was accepted before. `done` holds once the transaction around it commits. */
  async accept(subscription: string, { id, key, position }: Envelope): Promise<State | undefined> {
    const { rows } = await this.#database.query<{ state: State }>(accept, [subscription, id, key, position]);
    return rows[0]?.state;
  }

  /** Keeps what a waiting delivery needs to be tried without its transport. */
  async keepForLater(subscription: string, envelope: Envelope): Promise<void> {
    await this.#database.query(keepForLater, [subscription, envelope.id, JSON.stringify(envelope)]);
  }

  /** A new delivery that did not succeed: to be tried again after `pause` milliseconds, or dead if there is none. */
  async insertFailed(
    subscription: string,
    envelope: Envelope,
    failure: { attempts: number; error: string; pause: number | undefined },
  ): Promise<void> {
    const { id, key, position } = envelope;
    const { attempts, error, pause } = failure;
    const state: State = pause === undefined ? 'dead' : 'waiting';
    const values = [subscription, id, key, position, state, attempts, pause, error, JSON.stringify(envelope)];
    await this.#database.query(insertFailed, values);
  }

  async due(subscriptions: readonly string[], limit: number): Promise<Waiting[]> {
    return (await this.#database.query<Waiting>(due, [subscriptions, limit])).rows;
  }

  /** Within a transaction: keeps it from everybody else; undefined if it is not its turn or somebody else has it. */
  async hold({ subscription, eventId }: Waiting): Promise<Held | undefined> {
    return (await this.#database.query<Held>(hold, [subscription, eventId])).rows[0];
  }

  async finish({ subscription, eventId }: Waiting): Promise<void> {
    await this.#database.query(finish, [subscription, eventId]);
  }

  async failAgain(held: Held, failure: { error: string; pause: number | undefined }): Promise<void> {
    const { subscription, eventId, attempts } = held;
    const state: State = failure.pause === undefined ? 'dead' : 'waiting';
    await this.#database.query(failAgain, [subscription, eventId, attempts, failure.error, state, failure.pause]);
  }

  /** Lets the first one waiting with this key be tried now, if it was waiting for one before it. */
  async promoteNext(subscription: string, key: string): Promise<Waiting | undefined> {
    return (await this.#database.query<Waiting>(promoteNext, [subscription, key])).rows[0];
  }

  /** The same for all keys: a crash can come between finishing one and promoting the next. */
  async promoteForgotten(subscriptions: readonly string[]): Promise<void> {
    await this.#database.query(promoteForgotten, [subscriptions]);
  }

  /** Waiting deliveries of subscriptions other than these, which nobody will ever try. */
  async abandoned(subscriptions: readonly string[]): Promise<{ subscription: string; count: number }[]> {
    const { rows } = await this.#database.query<{ subscription: string; count: number }>(
      `select subscription, count(*) from inbox where state = 'waiting' and subscription <> all ($1) group by 1`,
      [subscriptions],
    );
    return rows;
  }

  /**
   * How many were deleted: `limit` at most, those done more than `retention` milliseconds before the last one. After a
   * standstill, what a crash had left comes again, and must find that it was done however long that is ago.
   */
  async prune(retention: number, limit: number): Promise<number> {
    const { rowCount } = await this.#database.query(
      `delete from inbox where (subscription, event_id) in (
         select subscription, event_id from inbox
         where finished_at < (select max(finished_at) from inbox) - $1 * interval '1 ms' limit $2)`,
      [retention, limit],
    );
    return rowCount ?? 0;
  }
}
