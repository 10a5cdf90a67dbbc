// ADR 0010
/**
 * Idempotency keys, with Stripe's rules and the statuses of the IETF draft (draft-ietf-httpapi-idempotency-key-header).
 *
 * The handler runs in one transaction with the row that keeps its answer, so there is no answer without the effect
 * and no effect without the answer. An advisory lock of that transaction marks the key as in use; PostgreSQL drops
 * it with the connection, so a key whose holder died can be used again at once.
 */
import type { Database } from '#platform/database.ts';
import { httpErrors } from './http-errors.ts';
import type { KeyUse } from './key-use.ts';
import type { RenderedAnswer } from './rendered-answer.ts';

export interface KeyedAnswer {
  readonly answer: RenderedAnswer;
  readonly outcome: 'done' | 'failed' | 'replayed';
}

interface StoredRow {
  free: boolean;
  fingerprint: string | null;
  status: number;
  headers: string[];
  body: string;
  settling: boolean | null;
  full: boolean;
}

const kept = "interval '24 hours'";
/**
 * How many answers are kept of one person at one endpoint. Beyond it new keys are refused until the oldest has expired: a
 * key that was forgotten early could buy something twice.
 */
export const keysPerPerson = 10_000;
/** The time that storing the settled answer may take on top of the wait itself. */
const settlingMargin = 5_000;

/** Somebody stored an answer for the key between our look and our write: theirs counts, ours is rolled back. */
class LostRace extends Error {}

export class IdempotencyKeys {
  readonly #database: Database;
  readonly #take: string;
  readonly #room: string;
  readonly #store: string;
  readonly #settle: string;
  readonly #forget: string;
  readonly #prune: string;

  constructor(database: Database) {
    const table = `"${database.schema}".idempotency_keys`;
    this.#database = database;
    this.#take = `
      WITH lock AS MATERIALIZED (
        SELECT pg_try_advisory_xact_lock(hashtextextended('${database.schema} ' || $1 || ' ' || $2, 0)) AS free
      )
      SELECT lock.free, stored.fingerprint, stored.status, stored.headers, stored.body, stored.settles_until > now() AS settling,
             stored.key IS NULL AND $3 AND ${keysPerPerson} = (
               SELECT count(*) FROM (
                 SELECT FROM ${table} WHERE scope = $1 AND created_at > now() - ${kept} LIMIT ${keysPerPerson}
               ) used
             ) AS "full"
      FROM lock
      LEFT JOIN ${table} stored ON stored.scope = $1 AND stored.key = $2 AND stored.created_at > now() - ${kept}`;
    this.#room = `
      SELECT ceil(extract(epoch from min(created_at) + ${kept} - now()))::int AS seconds FROM ${table}
      WHERE scope = $1 AND created_at > now() - ${kept}`;
    this.#store = `
      INSERT INTO ${table} AS stored (scope, key, fingerprint, status, headers, body, settles_until)
      VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $7::int > 0 THEN now() + $7::int * interval '1 ms' END)
      ON CONFLICT (scope, key) DO UPDATE
      SET fingerprint = excluded.fingerprint, status = excluded.status, headers = excluded.headers,
          body = excluded.body, settles_until = excluded.settles_until, created_at = excluded.created_at
      WHERE stored.created_at <= now() - ${kept}`;
    this.#settle = `
      UPDATE ${table} SET status = $3, headers = $4, body = $5, settles_until = NULL
      WHERE scope = $1 AND key = $2 AND settles_until > now()`;
    this.#forget = `DELETE FROM ${table} WHERE starts_with(scope, $1 || ' ')`;
    this.#prune = `
      DELETE FROM ${table} WHERE (scope, key) IN (
        SELECT scope, key FROM ${table} WHERE created_at <= now() - ${kept} ORDER BY created_at LIMIT 1000
      )`;
  }

  /**
   * The stored answer, or that of `work`. `failed` turns an error into the answer to keep; undefined for one that is
   * not kept, such as `unavailable`, which is then thrown.
   */
  async answer(
    use: KeyUse,
    work: () => Promise<RenderedAnswer>,
    failed: (error: unknown) => RenderedAnswer | undefined,
  ): Promise<KeyedAnswer> {
    let refusal: unknown;
    try {
      return await this.#database.transaction<KeyedAnswer>(async () => {
        refusal = undefined;
        const stored = await this.#find(use, use.counted).catch((error: unknown) => {
          refusal = error;
          throw error;
        });
        if (stored) return { answer: stored, outcome: 'replayed' };
        const answer = await work();
        await this.#keep(use, answer);
        return { answer, outcome: 'done' };
      });
    } catch (error) {
      if (error === refusal) throw error;
      if (error instanceof LostRace) return this.#replay(use);
      const answer = failed(error);
      if (!answer) throw error;
      return this.#keepFailure(use, answer);
    }
  }

  /** Replaces an answer that was kept as not final. False when its time was up: then the first one stands. */
  async settle({ scope, keyHash }: KeyUse, { status, headers, body }: RenderedAnswer): Promise<boolean> {
    const { rowCount } = await this.#database.query(this.#settle, [
      scope,
      keyHash,
      status,
      JSON.stringify(headers),
      body ?? '',
    ]);
    return rowCount === 1;
  }

  /** Deletes every answer to `caller`. */
  async forget(caller: string): Promise<void> {
    await this.#database.query(this.#forget, [caller]);
  }

  /** Deletes what was kept long enough, and tells how much that was. */
  async prune(): Promise<number> {
    for (let pruned = 0; ;) {
      const { rowCount } = await this.#database.query(this.#prune);
      pruned += rowCount ?? 0;
      if (!rowCount) return pruned;
    }
  }

  /** Takes the key for the transaction under way, or finds its answer. */
  async #find({ scope, keyHash, fingerprint }: KeyUse, counted = false): Promise<RenderedAnswer | undefined> {
    const { rows } = await this.#database.query<StoredRow>(this.#take, [scope, keyHash, counted]);
    const row = rows[0]!;
    if (row.fingerprint === null) {
      if (!row.free) throw httpErrors.idempotencyKeyInUse({ retryAfter: 1 });
      if (row.full) throw await this.#noRoom(scope);
      return undefined;
    }
    if (row.fingerprint !== fingerprint) throw httpErrors.idempotencyKeyReused();
    if (row.settling) throw httpErrors.idempotencyKeyInUse({ retryAfter: 1 });
    return { status: row.status, headers: row.headers, body: row.body === '' ? undefined : row.body };
  }

  /** With when the oldest key of the scope expires. */
  async #noRoom(scope: string): Promise<Error> {
    const { rows } = await this.#database.query<{ seconds: number | null }>(this.#room, [scope]);
    return httpErrors.tooManyIdempotencyKeys({ retryAfter: Math.max(1, rows[0]?.seconds ?? 1) });
  }

  async #keep(
    { scope, keyHash, fingerprint, settlesIn }: KeyUse,
    { status, headers, body }: RenderedAnswer,
  ): Promise<void> {
    const until = settlesIn === 0 ? 0 : settlesIn + settlingMargin;
    const values = [scope, keyHash, fingerprint, status, JSON.stringify(headers), body ?? '', until];
    const { rowCount } = await this.#database.query(this.#store, values);
    if (rowCount === 0) throw new LostRace();
  }

  async #replay(use: KeyUse): Promise<KeyedAnswer> {
    const answer = await this.#database.transaction(() => this.#find(use));
    if (!answer) throw httpErrors.idempotencyKeyInUse({ retryAfter: 1 });
    return { answer, outcome: 'replayed' };
  }

  /** Keeps the answer of a failure by itself, as its work was rolled back, unless a retry came in between and has one. */
  async #keepFailure(use: KeyUse, answer: RenderedAnswer): Promise<KeyedAnswer> {
    const final = { ...use, settlesIn: 0 };
    try {
      return await this.#database.transaction<KeyedAnswer>(async () => {
        const stored = await this.#find(final);
        if (stored) return { answer: stored, outcome: 'replayed' };
        await this.#keep(final, answer);
        return { answer, outcome: 'failed' };
      });
    } catch (error) {
      if (error instanceof LostRace) return this.#replay(use);
      throw error;
    }
  }
}
