import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, silentLogger, libraryDatabase } from '../../../tests/support/postgres.ts';
import { PostgresDatabase } from './postgres-database.ts';
import { moduleSettings, toolSettings } from './session-settings.ts';
import { Session } from './session.ts';

let test: TestDatabase;
const foreign = {
  TimeZone: 'Asia/Kathmandu',
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'sql_standard',
  default_transaction_isolation: 'serializable',
  search_path: 'public',
  statement_timeout: '1234',
  idle_in_transaction_session_timeout: '1234',
  lock_timeout: '1234',
  tcp_keepalives_idle: '1234',
  tcp_user_timeout: '1234',
};

beforeAll(async () => {
  test = await libraryDatabase();
  const { database, user } = test.connection;
  for (const [name, value] of Object.entries(foreign)) {
    await test.sql(
      `ALTER DATABASE "${database}" SET ${name} TO '${value}'; ALTER ROLE "${user}" IN DATABASE "${database}" SET ${name} TO '${value}'`,
    );
  }
});
afterAll(() => test.drop());

const found = `SELECT json_object_agg(name, setting) AS settings FROM pg_settings WHERE name = ANY ($1)`;
const options = `-c TimeZone=America/New_York -c search_path=public -c geqo_seed=0.5`;
const url = () => {
  const { user, password, host, port, database } = test.connection;
  return `postgresql://${user}:${password as string}@${host}:${port}/${database}?options=${encodeURIComponent(options)}`;
};

describe('a session', () => {
  it.each([
    ['on a database and a role with others', () => test.connection],
    ['whose URL asks for others', () => ({ connectionString: url() })],
  ])('has our settings %s', async (_where, connection) => {
    for (const settings of [moduleSettings('library'), toolSettings]) {
      const session = new Session({ ...connection(), settings });
      await session.connect();
      expect((await session.query(found, [Object.keys(settings)])).rows[0].settings).toEqual(settings);
      await session.end();
    }
  });

  it('keeps what its URL asks for beside ours', async () => {
    const database = new PostgresDatabase({
      schema: 'library',
      connection: { connectionString: url() },
      logger: silentLogger,
    });
    expect((await database.query('SHOW geqo_seed')).rows).toEqual([{ geqo_seed: '0.5' }]);
    expect((await database.query('SELECT count(*) FROM outbox')).rows).toEqual([{ count: 0 }]);
    await database.close();
  });

  it('that is lost before anybody listens fails its next statement and nothing else', async () => {
    const session = new Session({ ...test.connection, settings: toolSettings });
    await session.connect();
    const ended = new Promise((resolve) => session.once('end', resolve));
    const { rows } = await session.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await test.sql('SELECT pg_terminate_backend($1)', [rows[0]!.pid]);
    await ended;
    await expect(session.query('SELECT 1')).rejects.toThrow();
  });

  it('is closed when it cannot be set', async () => {
    const session = new Session({
      ...test.connection,
      application_name: 'cannot be set',
      settings: { TimeZone: 'Nowhere' },
    });
    await expect(session.connect()).rejects.toThrow('invalid value for parameter "TimeZone"');
    await expect
      .poll(
        async () => (await test.sql("SELECT FROM pg_stat_activity WHERE application_name = 'cannot be set'")).rowCount,
      )
      .toBe(0);
  });

  it('is the only way to a database', () => {
    const sources = ['src', 'modules'].flatMap((folder) =>
      (readdirSync(folder, { recursive: true }) as string[])
        .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
        .map((name) => join(folder, name)),
    );
    const opening = /\bnew pg\.(Client|Pool)\(|import \{[^}]*\b(Client|Pool)\b[^}]*\} from 'pg'/;
    expect(sources.filter((file) => opening.test(readFileSync(file, 'utf8')))).toEqual([]);
  });
});
