import type { Database } from '#platform/database.ts';

export interface DeadLetter {
  readonly subscription: string;
  readonly eventId: string;
  readonly key: string;
  readonly attempts: number;
  /** The error of the last try. */
  readonly error: string;
  readonly receivedAt: Date;
}

/** In the order of the list; the database keeps milliseconds, as Date does. */
type Position = Pick<DeadLetter, 'receivedAt' | 'subscription' | 'eventId'>;

const columns = `subscription, event_id as "eventId", key, attempts, error, received_at as "receivedAt"`;

/** Deliveries that were given up, in the inbox of the module that did not manage them. It needs nothing but the database. */
export class DeadLetters {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** The oldest first; `after` is the last one of the page before, which may have been replayed meanwhile. */
  async list({ limit = 100, after }: { limit?: number; after?: Position } = {}): Promise<DeadLetter[]> {
    const { rows } = await this.#database.query<DeadLetter>(
      `select ${columns} from inbox
       where state = 'dead' and ($1::timestamptz is null or (received_at, subscription, event_id) > ($1, $2::text, $3::uuid))
       order by received_at, subscription, event_id limit $4`,
      [after?.receivedAt, after?.subscription, after?.eventId, limit],
    );
    return rows;
  }

  async get(subscription: string, eventId: string): Promise<(DeadLetter & { event: unknown }) | undefined> {
    const { rows } = await this.#database.query<DeadLetter & { event: unknown }>(
      `select ${columns}, event from inbox where subscription = $1 and event_id = $2 and state = 'dead'`,
      [subscription, eventId],
    );
    return rows[0];
  }

  /**
   * Gives it one more try, in whichever instance runs the module and within about a second; a failure makes it a
   * dead letter again. False when there is no such dead letter.
   */
  async replay(subscription: string, eventId: string): Promise<boolean> {
    const { rowCount } = await this.#database.query(
      `update inbox set state = 'waiting', next_attempt_at = now()
       where subscription = $1 and event_id = $2 and state = 'dead'`,
      [subscription, eventId],
    );
    return rowCount === 1;
  }

  /** By subscription. */
  async count(): Promise<Record<string, number>> {
    const { rows } = await this.#database.query<{ subscription: string; count: number }>(
      `select subscription, count(*) from inbox where state = 'dead' group by subscription`,
    );
    return Object.fromEntries(rows.map(({ subscription, count }) => [subscription, count]));
  }
}
