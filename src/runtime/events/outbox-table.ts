// ADR 0005
/** The statements on a module's outbox. */
import type { Database } from '#platform/database.ts';
import type { Headers } from '../background/headers.ts';
import { liveOwners, nobody } from '../background/ownership.ts';
import type { Envelope } from './envelope.ts';

/** An event on its way into the outbox. */
export type NewEvent = Omit<Envelope, 'position' | 'headers'>;

export interface Stored {
  readonly position: number;
  /** `nobody`: left to the sweepers, because an earlier event with its key is in the hands of another instance. */
  readonly owner: number;
  /** The last undelivered event with its key; null if all before are delivered. */
  readonly after: number | null;
}

interface Row extends Omit<Envelope, 'occurredAt'> {
  readonly occurred_at: Date;
}

/**
 * Stores an event, ownerless if somebody else has an undelivered one with its key before it: order for each key holds
 * across instances because nobody delivers such an event before that one is delivered.
 */
const insertOne = `
  with earlier as materialized (
    select max(position) as position, bool_or(owner <> $8::int) as contested
    from outbox where published_at is null and key = $4
  )
  insert into outbox (id, name, version, key, payload, headers, occurred_at, owner)
  select $1::uuid, $2, $3::int, $4, $5::jsonb, $6::jsonb, $7::timestamptz, case when contested then ${nobody} else $8::int end
  from earlier
  returning position, owner, (select position from earlier) as after`;

/**
 * The same for several, in their order. LATERAL, so that it looks each key up instead of reading all that is
 * undelivered.
 */
const insertSeveral = `
  with new as (
    select * from rows from (json_to_recordset($1) as
      (id uuid, name text, version int, key text, payload jsonb, "occurredAt" timestamptz)) with ordinality
  ), earlier as (
    select key, last.* from (select distinct key from new) as keys cross join lateral (
      select max(position) as position, bool_or(owner <> $3) as contested
      from outbox where published_at is null and outbox.key = keys.key) as last
  ), stored as (
    insert into outbox (id, name, version, key, payload, headers, occurred_at, owner)
    select id, name, version, key, payload, $2::jsonb, "occurredAt", case when contested then ${nobody} else $3 end
    from new join earlier using (key) order by ordinality
    returning position, key, owner
  )
  select stored.position, owner, earlier.position as after
  from stored join earlier using (key) order by stored.position`;

/**
 * Rows that nobody alive delivers and this instance can: those of dead instances, and our own that we do not know
 * (see Dispatcher), without the events that not all subscriptions would get from here.
 */
const adoptable = `
  published_at is null and position <> all ($2::int8[]) and name <> all ($3::text[])
  and (owner = $1 or owner not in (select * from live))`;

const findAdoptable = `
  with live as (${liveOwners})
  select exists (select from outbox where ${adoptable}) as found`;

/**
 * The row lock of an UPDATE would not do: two instances that adopt at once could each get some events of one key.
 * The lock is taken in a statement of its own so that the next one sees what its last holder did.
 */
const lockAdoption = `select pg_advisory_xact_lock(hashtext('fissile outbox'), hashtext($1))`;

const adopt = `
  with live as (${liveOwners}),
  adopted as (
    select position from outbox candidate
    where ${adoptable}
      and not exists (
        select from outbox earlier
        where earlier.key = candidate.key and earlier.published_at is null and earlier.position < candidate.position
          and earlier.owner <> $1 and earlier.owner in (select * from live))
    order by position limit $4
  ), updated as (
    update outbox set owner = $1 where position in (select position from adopted)
    returning position, id, name, version, key, payload, headers, occurred_at
  )
  select * from updated order by position`;

export class OutboxTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async insert(events: readonly NewEvent[], headers: Headers, owner: number): Promise<Stored[]> {
    const [event, ...more] = events;
    if (!event || more.length > 0) return this.#insertSeveral(events, headers, owner);
    const { id, name, version, key, payload, occurredAt } = event;
    const values = [id, name, version, key, JSON.stringify(payload), headers, occurredAt, owner];
    return (await this.#database.query<Stored>(insertOne, values)).rows;
  }

  async #insertSeveral(events: readonly NewEvent[], headers: Headers, owner: number): Promise<Stored[]> {
    const values = [JSON.stringify(events), headers, owner];
    return (await this.#database.query<Stored>(insertSeveral, values)).rows;
  }

  /** One cheap look whether there is something to adopt at all. */
  async hasAdoptable(owner: number, known: readonly number[], unreached: readonly string[]): Promise<boolean> {
    const { rows } = await this.#database.query<{ found: boolean }>(findAdoptable, [owner, known, unreached]);
    return rows[0]?.found ?? false;
  }

  async adopt(
    owner: number,
    known: readonly number[],
    unreached: readonly string[],
    limit: number,
  ): Promise<Envelope[]> {
    const rows = await this.#database.transaction(async () => {
      await this.#database.query(lockAdoption, [this.#database.schema]);
      return (await this.#database.query<Row>(adopt, [owner, known, unreached, limit])).rows;
    });
    return rows.map(({ occurred_at, ...row }) => ({ ...row, occurredAt: occurred_at.toISOString() }));
  }

  async markPublished(positions: readonly number[]): Promise<void> {
    await this.#database.query('update outbox set published_at = now() where position = any ($1::int8[])', [positions]);
  }

  async lag(): Promise<{ pending: number; lagSeconds: number }> {
    const { rows } = await this.#database.query<{ pending: number; lag: number }>(`
      select count(*) as pending, coalesce(extract(epoch from now() - min(occurred_at)), 0)::float8 as lag
      from outbox where published_at is null`);
    return { pending: rows[0]!.pending, lagSeconds: Math.max(0, rows[0]!.lag) };
  }

  async forgetPublished(key: string): Promise<void> {
    await this.#database.query('delete from outbox where key = $1 and published_at is not null', [key]);
  }

  /** How many were deleted: `limit` at most, those published more than `retention` milliseconds ago. */
  async prune(retention: number, limit: number): Promise<number> {
    const { rowCount } = await this.#database.query(
      `delete from outbox where position in (
         select position from outbox where published_at < now() - $1 * interval '1 ms' limit $2)`,
      [retention, limit],
    );
    return rowCount ?? 0;
  }
}
