// ADR 0090
import { Audit, type AuditRecord, entryOf } from '#platform/audit.ts';
import type { Database } from '#platform/database.ts';

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
      `insert into audit_log (act, outcome, actor_kind, actor, network, user_agent, target, details, request_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        entry.act,
        entry.outcome,
        entry.actorKind,
        entry.actor,
        entry.network,
        entry.userAgent,
        entry.target ?? null,
        entry.details ? JSON.stringify(entry.details) : null,
        entry.requestId,
      ],
    );
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
