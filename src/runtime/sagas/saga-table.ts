// ADR 0006
/** The statements on a module's sagas. */
import type { Database } from '#platform/database.ts';
import type { Headers } from '../background/headers.ts';
import { liveOwners, nobody } from '../background/ownership.ts';
import type { SagaDefinition, SagaEnd } from '#platform/sagas.ts';

export type SagaState = 'running' | 'undoing' | 'completed' | 'undone';
export type SagaData = Record<string, unknown>;

export interface SagaRecord {
  readonly name: string;
  readonly id: string;
  readonly version: number;
  readonly headers: Headers;
  readonly state: SagaState;
  /** The index of the step to run next, or to undo next. */
  readonly step: number;
  readonly data: SagaData;
  readonly reason: SagaEnd | null;
  readonly cancelled: SagaEnd | null;
  /** Failed tries of this step. */
  readonly attempts: number;
  /** A fencing token: it rises with every save and every change of owner, and fences off earlier owners. */
  readonly revision: number;
  readonly owner: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Milliseconds to the deadline when it was read, by the database's clock. */
  readonly remaining: number;
}

export interface Progress extends Pick<SagaRecord, 'state' | 'step' | 'data' | 'reason' | 'attempts'> {
  readonly error: string | null;
  /** Milliseconds; then any instance may take it up. Without, its owner goes on. */
  readonly sleep?: number;
}

/** The line in which a saga waits. */
export function lineOf(
  { name, id, data }: Pick<SagaRecord, 'name' | 'id' | 'data'>,
  fairBy: string | undefined,
): string {
  const whose = fairBy === undefined ? undefined : data[fairBy];
  return `${name}/${String(whose ?? id)}`;
}

const columns = `
  name, id, version, headers, state, step, data, reason, cancelled, attempts, revision, owner,
  (extract(epoch from started_at) * 1000)::float8 as "startedAt",
  greatest(0, extract(epoch from deadline_at - now()) * 1000)::float8 as remaining`;

const insert = `
  insert into sagas (name, id, version, state, step, data, wake_at, deadline_at, owner, headers)
  values ($1, $2, $3, 'running', 0, $4, now(), now() + $5 * interval '1 ms', $6, $7)
  on conflict do nothing`;

/**
 * Going on is refused once the saga is cancelled; undoing is not. `wake_at` keeps its value while somebody has the
 * saga, which spares its index; of one that ended it says when.
 */
const save = `
  update sagas
  set state = $4, step = $5, data = $6, reason = $7, attempts = $8, error = $9, revision = revision + 1, updated_at = now(),
      owner = case when $10::float8 is null then owner else ${nobody} end,
      wake_at = case when $10 is not null then least(now() + $10 * interval '1 ms', case when $4 = 'running' then deadline_at end)
                     when $4 in ('completed', 'undone') then now() else wake_at end
  where name = $1 and id = $2 and revision = $3 and (cancelled is null or $4 in ('undoing', 'undone'))`;

/** Whose saga it is; the field is null where nobody has to be fair. As `lineOf` does it. */
const line = `name || '/' || coalesce(data ->> field, id)`;

/**
 * Due sagas that nobody alive runs, and our own that we do not know of, because a commit was never answered; a while
 * ago, since answers that are on their way are not lost. Each line gets its turn, and no more than a share.
 */
const claim = `
  with live as (${liveOwners}),
  known as (select * from unnest($2::text[], $3::int[], $6::text[]) as known (name, version, field)),
  due as (
    select name, id, row_number() over (partition by ${line} order by wake_at) as turn
    from sagas join known using (name, version)
    where state in ('running', 'undoing') and wake_at <= now() and (name || '/' || id) <> all ($4)
      and (owner not in (select * from live) or owner = $1 and updated_at < now() - interval '5 s')
      and ${line} <> all ($7))
  update sagas set owner = $1, revision = revision + 1, updated_at = now()
  where (name, id) in (
    select name, id from sagas join due using (name, id)
    where state in ('running', 'undoing') and wake_at <= now() and turn <= $8
      and (owner not in (select * from live) or owner = $1 and updated_at < now() - interval '5 s')
    order by turn, wake_at limit $5 for update of sagas skip locked)
  returning ${columns}`;

/** Asleep, it is due at once (the column rounds to milliseconds, possibly up); under way, its next save will notice. */
const cancel = `
  update sagas set cancelled = $3, wake_at = least(wake_at, now() - interval '1 ms')
  where name = $1 and id = $2 and state = 'running' and cancelled is null`;

export class SagaTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** False if it was started before. */
  async insert(
    saga: Pick<SagaRecord, 'name' | 'id' | 'version' | 'data' | 'headers' | 'owner' | 'remaining'>,
  ): Promise<boolean> {
    const { name, id, version, data, headers, owner, remaining } = saga;
    const { rowCount } = await this.#database.query(insert, [name, id, version, data, remaining, owner, headers]);
    return rowCount === 1;
  }

  /**
   * False, and nothing happened, if somebody else has it by now, or if it was cancelled and this is no undoing. Of a
   * saga that ended the data is not kept: it has no more use, and can hold what is better forgotten, such as a
   * payment token.
   */
  async save({ name, id, revision }: SagaRecord, progress: Progress): Promise<boolean> {
    const { state, step, reason, attempts, error, sleep } = progress;
    const data = state === 'completed' || state === 'undone' ? {} : progress.data;
    const values = [name, id, revision, state, step, data, reason, attempts, error, sleep];
    return (await this.#database.query(save, values)).rowCount === 1;
  }

  /**
   * Takes over up to `limit` that somebody has to go on with, at most `share` of a line and none of those that are `full`.
   * `mine` are those in memory, as `name/id`.
   */
  async claim(
    owner: number,
    known: readonly Pick<SagaDefinition, 'name' | 'version' | 'fairBy'>[],
    { mine, full, limit, share }: { mine: readonly string[]; full: readonly string[]; limit: number; share: number },
  ): Promise<SagaRecord[]> {
    const names = known.map(({ name }) => name);
    const versions = known.map(({ version }) => version);
    const fields = known.map(({ fairBy }) => fairBy ?? null);
    return (await this.#database.query<SagaRecord>(claim, [owner, names, versions, mine, limit, fields, full, share]))
      .rows;
  }

  async read(name: string, id: string): Promise<SagaRecord | undefined> {
    const { rows } = await this.#database.query<SagaRecord>(
      `select ${columns} from sagas where name = $1 and id = $2`,
      [name, id],
    );
    return rows[0];
  }

  /** False if it is not running. */
  async cancel(name: string, id: string, reason: SagaEnd): Promise<boolean> {
    return (await this.#database.query(cancel, [name, id, reason])).rowCount === 1;
  }

  /** So has one that never was, or was forgotten since. */
  async hasEnded(name: string, id: string): Promise<boolean> {
    const { rows } = await this.#database.query<{ state: SagaState }>(
      'select state from sagas where name = $1 and id = $2',
      [name, id],
    );
    return rows[0]?.state !== 'running' && rows[0]?.state !== 'undoing';
  }

  /** Unfinished sagas; `stuck` could not be undone for several tries. */
  async countUnfinished(): Promise<{ name: string; version: number; state: string; count: number }[]> {
    const { rows } = await this.#database.query<{ name: string; version: number; state: string; count: number }>(`
      select name, version, case when state = 'undoing' and attempts >= ${triesUntilStuck} then 'stuck' else state end as state, count(*)
      from sagas where state in ('running', 'undoing') group by 1, 2, 3`);
    return rows;
  }

  /** How many were deleted: `limit` at most, those that ended more than `retention` milliseconds ago. */
  async prune(retention: number, limit: number): Promise<number> {
    const { rowCount } = await this.#database.query(
      `delete from sagas where (name, id) in (
         select name, id from sagas
         where state in ('completed', 'undone') and wake_at < now() - $1 * interval '1 ms' limit $2)`,
      [retention, limit],
    );
    return rowCount ?? 0;
  }
}

/** Failed tries of undoing a step after which a person should look. */
export const triesUntilStuck = 5;
