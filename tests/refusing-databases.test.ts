/** A refusing database ends the start in one line with the variable that leads to it and the server's reason. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { attachToEmbedded } from '../src/host/postgres/attach.ts';
import { postmasterOf } from '../src/host/postgres/postmaster-file.ts';
import { embeddedServers, postgresIn } from './support/embedded-servers.ts';
import { needsPgbouncer, noPgbouncer, startPgbouncer } from './support/pgbouncer.ts';
import { connect, freshDatabaseUrl } from './support/postgres.ts';
import { freePort, launch, start } from './support/running-program.ts';

const servers = embeddedServers();
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function fresh() {
  const { url, drop } = await freshDatabaseUrl();
  closers.push(drop);
  const database = new URL(url).pathname.slice(1);
  const admin = await connect(database);
  closers.push(() => admin.end());
  return { url, database, admin };
}

async function run(environment: Record<string, string>, ...args: readonly string[]): Promise<string> {
  const program = launch(
    {
      PORT: String(await freePort()),
      LOG_LEVEL: 'error',
      ADMIN_PASSWORD: 'correct horse battery staple',
      ...environment,
    },
    args,
  );
  closers.push(() => program.stop('SIGKILL'));
  await program.exited;
  return program.output().trim();
}

const line = (text: string) => expect.stringMatching(new RegExp(`^Fissile did not start: ${text}[^\n]*$`));

describe('a start is refused in one line', () => {
  it('by a database that is read-only, before and after it was prepared', async () => {
    const { url, database, admin } = await fresh();
    const readOnly = (value: string) =>
      admin.query(`ALTER DATABASE "${database}" SET default_transaction_read_only TO ${value}`);
    await readOnly('on');
    expect(await run({ DATABASE_URL: url })).toEqual(
      line('DATABASE_URL: PostgreSQL refuses this: cannot execute .* in a read-only transaction \\(25006\\)'),
    );
    await readOnly('off');
    expect(await run({ DATABASE_URL: url }, 'migrate')).toContain('applied');
    await readOnly('on');
    expect(await run({ DATABASE_URL: url })).toEqual(
      line('DATABASE_URL: the database is read-only for the user \\S+ \\(default_transaction_read_only is on\\)'),
    );
  });

  it('by a standby', async () => {
    const DATA_DIR = servers.usedFolder();
    writeFileSync(join(postgresIn(DATA_DIR), 'standby.signal'), '');
    const server = servers.startProgram(DATA_DIR);
    await expect.poll(() => postmasterOf(postgresIn(DATA_DIR))?.ready).toBe(true);
    const { host, port, user, password } = (await attachToEmbedded(DATA_DIR)) as unknown as Record<string, string>;
    const url = `postgresql://${user}:${password}@/fissile?host=${encodeURIComponent(host!)}&port=${port}`;
    expect(await run({ DATABASE_URL: url })).toEqual(line('DATABASE_URL: [^\n]*(standby|read-only|recovery)'));
    await server.end('SIGKILL');
  });

  it('by a table that the role may not read', async () => {
    const { url, database, admin } = await fresh();
    const role = `${database}_mine`;
    await admin.query(
      `CREATE ROLE "${role}" LOGIN PASSWORD 'mine'; GRANT CONNECT ON DATABASE "${database}" TO "${role}"; CREATE SCHEMA users AUTHORIZATION "${role}"; CREATE TABLE users._prisma_migrations (migration_name text, checksum text, finished_at timestamptz, rolled_back_at timestamptz)`,
    );
    closers.push(() => admin.query(`DROP OWNED BY "${role}" CASCADE; DROP ROLE "${role}"`));
    const own = Object.assign(new URL(url), { username: role, password: 'mine' }).href;
    expect(await run({ USERS_DATABASE_URL: own, DATABASE_URL: url })).toEqual(
      line('USERS_DATABASE_URL: PostgreSQL refuses this: permission denied for table _prisma_migrations \\(42501\\)'),
    );
  });

  it('by a limit that leaves the program no second connection', async () => {
    const { url, database, admin } = await fresh();
    await run({ DATABASE_URL: url }, 'migrate');
    for (const { rolname } of (
      await admin.query('SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)', [`${database}_`])
    ).rows) {
      await admin.query(`ALTER ROLE "${rolname}" CONNECTION LIMIT 1`);
    }
    expect((await run({ DATABASE_URL: url })).split('\n').at(-1)).toEqual(
      line('DATABASE_URL: [^\n]*too many connections for role'),
    );
  });

  it.skipIf(noPgbouncer)(`by a pooler that takes no options${needsPgbouncer}`, async () => {
    const { url } = await fresh();
    const pooler = await startPgbouncer('session');
    closers.push(() => pooler.stop());
    expect(await run({ DATABASE_URL: `${pooler.through(url)}?options=-c%20geqo%3Doff` })).toEqual(
      line('DATABASE_URL: cannot reach PostgreSQL at [^\n]*: unsupported startup parameter: options'),
    );
  });

  it.each([
    [
      'DATABASE_URL',
      'postgresql://admin:100%@localhost/shop',
      'has a percent sign that encodes nothing; as a character it is written %25',
    ],
    ['DATABASE_DIRECT_URL', 'postgresql://admin@localhost/shop', 'goes with DATABASE_URL'],
    ['ORDERS_DATABASE_DIRECT_URL', 'postgresql://admin@localhost/shop', 'goes with ORDERS_DATABASE_URL'],
  ])('by a wrong %s', async (variable, value, reason) => {
    expect(await run({ DATA_DIR: servers.newFolder(), [variable]: value })).toEqual(
      line(`[^\n]*${variable}:? ${reason}`),
    );
  });
});

describe('a start succeeds', () => {
  it('where the names of user, database and password hold dots, slashes and percent signs, and the URL has options of its own', async () => {
    const { url, database, admin } = await fresh();
    const [role, name, password] = [`${database}.bo%ss`, `${database}.50%25/shop`, 'p%25.w/@:?#'];
    await admin.query(`CREATE ROLE "${role}" LOGIN SUPERUSER PASSWORD '${password}'`);
    await admin.query(`CREATE DATABASE "${name}" OWNER "${role}"`);
    closers.push(async () => {
      await admin.query(`DROP DATABASE "${name}" WITH (FORCE)`);
      for (const { rolname } of (
        await admin.query('SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)', [database])
      ).rows)
        await admin.query(`DROP ROLE "${rolname}"`);
    });
    const [user, secret, path] = [role, password, name].map(encodeURIComponent);
    const options = encodeURIComponent('-c TimeZone=Asia/Kathmandu -c search_path=nowhere');
    const program = await start({
      DATABASE_URL: `postgresql://${user}:${secret}@${new URL(url).host}/${path}?options=${options}`,
    });
    closers.push(() => program.stop());
    expect((await fetch(`${program.url}/v1/products`)).status).toBe(200);
    expect(await program.stop()).toBe(0);
  });

  it('on a socket, with the host after the question mark', async () => {
    const { admin } = await servers.start(servers.usedFolder());
    const { host, port, user, password } = admin as unknown as Record<string, string>;
    await admin.end();
    const program = await start({
      DATABASE_URL: `postgresql://${user}:${password}@/fissile?host=${encodeURIComponent(host!)}&port=${port}`,
      DATABASE_POOL_SIZE: '2',
    });
    expect((await fetch(`${program.url}/readyz`)).status).toBe(200);
    expect(await program.stop()).toBe(0);
  });
});
