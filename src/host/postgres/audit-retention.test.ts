import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AuditLog } from '#runtime/audit/audit-log.ts';
import { libraryDatabase, type TestDatabase } from '../../../tests/support/postgres.ts';
import { keepAuditLogFor } from './audit-retention.ts';

let library: TestDatabase;
beforeAll(async () => {
  library = await libraryDatabase();
});
afterAll(() => library.drop());

async function keepFor(days: number): Promise<void> {
  const client = new pg.Client(library.connection);
  await client.connect();
  await keepAuditLogFor(days, client, 'library').finally(() => client.end());
}
const left = async () =>
  (await library.sql('SELECT act FROM library.audit_log ORDER BY position')).rows.map(({ act }) => act);

it('keeps audit logs for as long as AUDIT_DAYS says, also when it is changed and by several at once', async () => {
  for (const days of [10, 50, 500])
    await library.sql(
      `INSERT INTO library.audit_log (at, act, outcome, actor_kind) VALUES (now() - make_interval(days => $1), $2, 'done', 'program')`,
      [days, `library.${days}`],
    );
  const log = new AuditLog(library.database);
  await keepFor(1000);
  await log.prune();
  expect(await left()).toEqual(['library.10', 'library.50', 'library.500']);
  await Promise.all([keepFor(30), keepFor(30), keepFor(30)]);
  await expect(library.database.query(`DELETE FROM audit_log WHERE act = 'library.10'`)).rejects.toThrow(/only grows/);
  await log.prune();
  expect(await left()).toEqual(['library.10']);
});
