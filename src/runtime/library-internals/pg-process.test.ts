import { afterAll, beforeAll, expect, it } from 'vitest';
import pg from 'pg';
import { libraryDatabase, type TestDatabase } from '../../../tests/support/postgres.ts';
import { processOf } from './pg-process.ts';

let test: TestDatabase;
beforeAll(async () => {
  test = await libraryDatabase();
});
afterAll(() => test.drop());

it('is the number by which the server itself knows the connection', async () => {
  const client = new pg.Client(test.connection);
  await client.connect();
  const { rows } = await client.query<{ process: number }>('select pg_backend_pid() as process');
  await client.end();
  expect(processOf(client)).toBe(rows[0]!.process);
});
