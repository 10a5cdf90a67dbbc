import type { Database } from '#platform/database.ts';
import type { PersonalTraces } from '#platform/personal-traces.ts';
import { OutboxTable } from '../events/outbox-table.ts';
import { IdempotencyKeys } from '../http/idempotency.ts';
import { MailTable } from '../mail/mail-table.ts';
import { AuditLog } from '../audit/audit-log.ts';

/** The traces in the platform's tables of one database. */
export const personalTraces = (database: Database): PersonalTraces => ({
  async forget(userId) {
    await Promise.all([
      new IdempotencyKeys(database).forget(userId),
      new OutboxTable(database).forgetPublished(userId),
      new AuditLog(database).forget(userId),
      new MailTable(database).forget(userId),
    ]);
  },
});
