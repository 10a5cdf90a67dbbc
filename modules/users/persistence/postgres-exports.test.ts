import { afterAll, beforeAll, describe } from 'vitest';
import { testDatabase, type TestDatabase } from '../../../tests/support/postgres.ts';
import { exportsSuite } from '../testing/exports.suite.ts';
import { postgresExports } from './postgres-exports.ts';

let users: TestDatabase;
beforeAll(async () => {
  users = await testDatabase('users');
});
afterAll(() => users.drop());

describe('exports in PostgreSQL', () => {
  exportsSuite(async () => ({
    exports: postgresExports(users.database),
    pass: async (seconds) =>
      void (await users.sql("update users.exports set expires_at = expires_at - $1 * interval '1 second'", [seconds])),
  }));
});
