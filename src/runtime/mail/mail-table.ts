// ADR 0110
/** The statements on a module's mails. */
import type { Database } from '#platform/database.ts';
import type { Headers } from '../background/headers.ts';
import { liveOwners, nobody } from '../background/ownership.ts';

export interface MailRecord {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly data: Record<string, unknown>;
  readonly headers: Headers;
  /** Tries that were begun. */
  readonly attempts: number;
  /** Milliseconds since 1970. */
  readonly addedAt: number;
}

export type NewMail = Pick<MailRecord, 'id' | 'name' | 'key' | 'data'> & { readonly usefulFor: number };

/** How a mail ends: taken by the server, refused by it, or not sent in time. */
export type MailEnd = 'sent' | 'refused' | 'expired';

/** A mail as a person sees it. */
export interface ListedMail {
  readonly id: string;
  readonly name: string;
  readonly recipient: string | null;
  readonly state: 'waiting' | MailEnd;
  readonly attempts: number;
  readonly note: string | null;
  readonly addedAt: Date;
  readonly endedAt: Date | null;
}

const columns = `id, name, key, data, headers, attempts, (extract(epoch from added_at) * 1000)::float8 as "addedAt"`;

const insert = `
  insert into mails (id, name, key, data, headers, state, owner, wake_at, useful_until)
  select id, name, key, data, $2::jsonb, 'waiting', $3, now(), now() + "usefulFor" * interval '1 ms'
  from json_to_recordset($1) as new (id uuid, name text, key text, data jsonb, "usefulFor" float8)`;

/**
 * Due mails that nobody alive sends, and our own that we do not know of, because a commit was never answered; a while
 * ago, since answers that are on their way are not lost.
 */
const claim = `
  with live as (${liveOwners})
  update mails set owner = $1
  where id in (
    select id from mails
    where state = 'waiting' and wake_at <= now() and name = any ($2) and id <> all ($3::uuid[])
      and (owner not in (select * from live) or owner = $1 and wake_at < now() - interval '5 s')
    order by wake_at limit $4 for update skip locked)
  returning ${columns}`;

/** A mail that is forgotten, ended or somebody else's by now is not begun. */
const begin = `
  update mails set attempts = attempts + 1
  where id = $1 and owner = $2 and state = 'waiting'
  returning useful_until > now() as useful`;

/** The data that it was composed of has no more use, and names people. */
const end = `
  update mails set state = $3, note = coalesce($4, note), ended_at = now(), data = '{}', owner = ${nobody}
  where id = $1 and owner = $2 and state = 'waiting'`;

const postpone = `
  update mails set note = $3, owner = ${nobody}, wake_at = now() + $4 * interval '1 ms'
  where id = $1 and owner = $2 and state = 'waiting'`;

export class MailTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async insert(mails: readonly NewMail[], headers: Headers, owner: number): Promise<void> {
    await this.#database.query(insert, [JSON.stringify(mails), headers, owner]);
  }

  /** Takes over up to `limit` of these kinds; `mine` are the ids of those in memory. */
  async claim(owner: number, names: readonly string[], mine: readonly string[], limit: number): Promise<MailRecord[]> {
    return (await this.#database.query<MailRecord>(claim, [owner, names, mine, limit])).rows;
  }

  /** Counts a try before it is made. `gone` where there is nothing to send any more. */
  async begin(id: string, owner: number): Promise<'useful' | 'too late' | 'gone'> {
    const { rows } = await this.#database.query<{ useful: boolean }>(begin, [id, owner]);
    if (!rows[0]) return 'gone';
    return rows[0].useful ? 'useful' : 'too late';
  }

  /** Notes to whom it goes, in the transaction that composes it. */
  async address(id: string, recipient: string, key: string | undefined): Promise<void> {
    await this.#database.query('update mails set recipient = $2, key = coalesce($3, key) where id = $1', [
      id,
      recipient,
      key,
    ]);
  }

  /** `note` says why, or what the server answered; without, the one of the last try stays. */
  async end(id: string, owner: number, state: MailEnd, note?: string): Promise<void> {
    await this.#database.query(end, [id, owner, state, note]);
  }

  /** After `pause` milliseconds any instance may try again. */
  async postpone(id: string, owner: number, note: string, pause: number): Promise<void> {
    await this.#database.query(postpone, [id, owner, note, pause]);
  }

  /** Without a trace: nobody needed it. */
  async drop(id: string): Promise<void> {
    await this.#database.query('delete from mails where id = $1', [id]);
  }

  /** Deletes all with the key, waiting or not. */
  async forget(key: string): Promise<void> {
    await this.#database.query('delete from mails where key = $1', [key]);
  }

  /** Mails that wait, and the age of the oldest in seconds. */
  async waiting(): Promise<{ count: number; oldest: number }> {
    const { rows } = await this.#database.query<{ count: number; oldest: number }>(
      `select count(*), coalesce(extract(epoch from now() - min(added_at)), 0)::float8 as oldest from mails where state = 'waiting'`,
    );
    return rows[0]!;
  }

  /** The newest first. */
  async list(limit: number): Promise<ListedMail[]> {
    const { rows } = await this.#database.query<ListedMail>(
      `select id, name, recipient, state, attempts, note, added_at as "addedAt", ended_at as "endedAt"
       from mails order by added_at desc, id desc limit $1`,
      [limit],
    );
    return rows;
  }

  /** How many were deleted: `limit` at most, those that ended more than `retention` milliseconds ago. */
  async prune(retention: number, limit: number): Promise<number> {
    const { rowCount } = await this.#database.query(
      `delete from mails where id in (select id from mails where ended_at < now() - $1 * interval '1 ms' limit $2)`,
      [retention, limit],
    );
    return rowCount ?? 0;
  }
}
