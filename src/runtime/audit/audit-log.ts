// ADR 0090
import { Audit, type AuditEntry, type AuditRecord, entryOf } from '#platform/audit.ts';
import type { Database } from '#platform/database.ts';

export interface StoredEntry extends Omit<AuditEntry, 'act' | 'target' | 'details'> {
  /** Greater for a later one. */
  readonly id: string;
  readonly at: string;
  readonly act: string;
  readonly target: string | null;
  readonly details: Record<string, unknown> | null;
}

/** All of it has to hold. Times as ISO 8601; `to` is excluded. */
export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly target?: string | undefined;
  readonly act?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** By the field of a filter. */
const conditions = { actor: 'actor =', target: 'target =', act: 'act =', from: 'at >=', to: 'at <' };

/** The platform's table `audit_log` in a module's schema. */
export class AuditLog extends Audit {
  readonly #database: Database;

  constructor(database: Database) {
    super();
    this.#database = database;
  }

  /** Nobody waits for its answer; where it fails, so does the transaction. */
  add(record: AuditRecord): void {
    const entry = entryOf(record);
    this.#database.send(
      `insert into audit_log (act, outcome, actor_kind, actor, application, network, user_agent, target, details, request_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        entry.act,
        entry.outcome,
        entry.actorKind,
        entry.actor,
        entry.application,
        entry.network,
        entry.userAgent,
        entry.target ?? null,
        entry.details ? JSON.stringify(entry.details) : null,
        entry.requestId,
      ],
    );
  }

  /** Entries beyond a position, in the order in which they were added or in the opposite one. */
  async list(
    filter: AuditFilter,
    { order, beyond, limit }: { order: 'asc' | 'desc'; beyond?: string | undefined; limit: number },
  ): Promise<StoredEntry[]> {
    const given = { ...filter, beyond };
    const values = Object.entries(given).filter(([, value]) => value !== undefined);
    const tests: Readonly<Record<string, string>> = {
      ...conditions,
      beyond: order === 'asc' ? 'position >' : 'position <',
    };
    const where = values.map(([name], index) => `${tests[name]} $${index + 1}`);
    const { rows } = await this.#database.query<StoredEntry & { at: Date }>(
      `select position::text as id, at, act, outcome, actor_kind as "actorKind", actor, application, network,
         user_agent as "userAgent", target, details, request_id as "requestId"
       from audit_log ${where.length > 0 ? `where ${where.join(' and ')}` : ''}
       order by position ${order} limit $${values.length + 1}`,
      [...values.map(([, value]) => value), limit],
    );
    return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
  }

  /** Keeps the acts of a person and on them, and forgets who it was. */
  async forget(userId: string): Promise<void> {
    await this.#database.query('select forget_in_audit_log($1)', [userId]);
  }

  /** Deletes what was kept for as long as AUDIT_DAYS says. */
  async prune(): Promise<void> {
    await this.#database.query('select prune_audit_log()');
  }
}
