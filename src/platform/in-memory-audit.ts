import { Audit, type AuditEntry, type AuditRecord, entryOf } from './audit.ts';
import { Database } from './database.ts';
import { onRollback } from './in-memory-transaction.ts';

/** For unit tests: keeps what was recorded, and refuses what the real one refuses. */
export class InMemoryAudit extends Audit {
  readonly entries: AuditEntry[] = [];

  add(record: AuditRecord): void {
    if (!Database.anyTransactionOpen) throw new Error(`${record.act} needs a transaction around it: transaction(...).`);
    this.entries.push(entryOf(record));
    onRollback(() => this.entries.pop());
  }
}
