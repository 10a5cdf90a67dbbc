/** The program behind PgBouncer 1.18, which knows no named statements in transaction mode, and refuses most startup parameters. */
import { afterEach, describe, expect, it } from 'vitest';
import { AuthApi } from '../modules/auth/contract.ts';
import { OrdersApi } from '../modules/orders/contract.ts';
import { PaymentsApi } from '../modules/payments/contract.ts';
import { needsPgbouncer, noPgbouncer, startPgbouncer, type Pooler } from './support/pgbouncer.ts';
import { connect, freshDatabaseUrl } from './support/postgres.ts';
import { startTestProgram, type TestProgram } from './support/program.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function fresh(zone = 'America/New_York') {
  const { url, drop } = await freshDatabaseUrl();
  closers.push(drop);
  const database = new URL(url).pathname.slice(1);
  const admin = await connect(database);
  await admin.query(`ALTER DATABASE "${database}" SET TimeZone TO '${zone}'`);
  closers.push(() => admin.end());
  return { url, database, admin };
}

async function pooler(mode: 'session' | 'transaction', settings?: string): Promise<Pooler> {
  const started = await startPgbouncer(mode, settings);
  closers.push(() => started.stop());
  return started;
}

const alone = {
  modules: ['users'],
  databaseUrl: '',
  remotes: [
    [AuthApi, {}],
    [OrdersApi, {}],
    [PaymentsApi, {}],
  ],
} as const;

async function started(environment: Record<string, string>): Promise<TestProgram> {
  const program = await startTestProgram({ ...alone, environment });
  closers.push(() => program.stop());
  return program;
}

/** Many at once, so that statements meet many connections of the pooler's; moments are read back through Prisma and SQL. */
async function works(program: TestProgram): Promise<void> {
  const { database } = program.modules.get('users')!.database;
  await database.query('CREATE TABLE notes (id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())');
  const busy = async (id: number) => {
    await database.transaction(async () => {
      void database.query('INSERT INTO notes (id) VALUES ($1)', [id]);
      await database.query('SELECT at FROM notes WHERE id = $1', [id]);
    });
    return (
      await database.query(
        "SELECT current_setting('TimeZone') AS zone, current_setting('statement_timeout') AS limit FROM notes WHERE id = $1",
        [id],
      )
    ).rows[0];
  };
  const seen = await Promise.all(Array.from({ length: 200 }, (_, id) => busy(id)));
  expect(seen).toEqual(seen.map(() => ({ zone: 'UTC', limit: '30s' })));
  const headers = { authorization: `Bearer ${program.tokenFor()}`, 'content-type': 'application/json' };
  const address = {
    recipient: 'Ada',
    line1: '12 St James Square',
    city: 'London',
    postalCode: 'SW1Y 4JH',
    country: 'GB',
  };
  const added = await Promise.all(
    Array.from(
      { length: 20 },
      async () =>
        (
          await fetch(`${program.url}/v1/users/me/addresses`, {
            method: 'POST',
            headers,
            body: JSON.stringify(address),
          })
        ).status,
    ),
  );
  expect(new Set(added)).toEqual(new Set([201]));
  const { addresses } = (await (await fetch(`${program.url}/v1/users/me/addresses`, { headers })).json()) as {
    addresses: { createdAt: string }[];
  };
  expect(addresses).toHaveLength(20);
  for (const { createdAt } of addresses) expect(Math.abs(Date.parse(createdAt) - Date.now())).toBeLessThan(60_000);
}

const refusal = (environment: Record<string, string>) =>
  startTestProgram({ ...alone, environment }).then(
    () => 'It started.',
    (error: Error) => `${error.name}: ${error.message}`,
  );

describe.skipIf(noPgbouncer)(`behind PgBouncer${needsPgbouncer} in session mode`, () => {
  it('the program works as on the server itself', async () => {
    const { url } = await fresh();
    const { through } = await pooler('session');
    const program = await started({ DATABASE_URL: through(url) });
    await works(program);
    expect((await fetch(`${program.url}/readyz`)).status).toBe(200);
  });
});

describe.skipIf(noPgbouncer)(`behind PgBouncer${needsPgbouncer} in transaction mode`, () => {
  it.each(['', 'server_round_robin = 1'])(
    'the program works, with a way past it for what needs a session %s',
    async (settings) => {
      const { url } = await fresh('Asia/Kathmandu');
      const { through } = await pooler('transaction', settings);
      const program = await started({ DATABASE_URL: through(url), DATABASE_DIRECT_URL: url });
      await works(program);
      expect((await fetch(`${program.url}/readyz`)).status).toBe(200);
    },
  );

  it.each(['', 'server_round_robin = 1'])(
    'the program is refused without one, in a line that says what to set %s',
    async (settings) => {
      const { url } = await fresh();
      const { through } = await pooler('transaction', settings);
      expect(await refusal({ DATABASE_URL: through(url) })).toMatch(
        /^StartupError: DATABASE_URL: a pooler in transaction mode[^\n]+ Set DATABASE_DIRECT_URL to the server itself beside it\.$/,
      );
      expect(await refusal({ DATABASE_URL: through(url), DATABASE_DIRECT_URL: through(url) })).toMatch(
        /^StartupError: DATABASE_DIRECT_URL: a pooler in transaction mode[^\n]+ must lead to the server itself\.$/,
      );
    },
  );

  it('a role of somebody else’s is refused until it has the settings that the pooler loses, and the line says how', async () => {
    const { url, database, admin } = await fresh();
    const { through } = await pooler('transaction');
    await admin.query(
      `CREATE ROLE "${database}_mine" LOGIN PASSWORD 'mine'; GRANT CREATE ON DATABASE "${database}" TO "${database}_mine"`,
    );
    const own = Object.assign(new URL(url), { username: `${database}_mine`, password: 'mine' }).href;
    const environment = { USERS_DATABASE_URL: through(own), USERS_DATABASE_DIRECT_URL: own };
    const line = await refusal(environment);
    expect(line).toMatch(
      /^StartupError: USERS_DATABASE_URL: a pooler in transaction mode[^\n]+ALTER ROLE [^\n]+ SET TimeZone TO 'UTC'; [^\n]+;$/,
    );
    await admin.query(/: (ALTER ROLE .*)$/.exec(line)![1]!);
    // As RECONNECT would.
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [
      `${database}_mine`,
    ]);
    await works(await started(environment));
    await admin.query(`REASSIGN OWNED BY "${database}_mine" TO CURRENT_USER; DROP OWNED BY "${database}_mine"`);
    closers.push(async () => {
      const again = await connect('postgres');
      await again.query(`DROP ROLE "${database}_mine"`);
      await again.end();
    });
  });
});
