/** The commands that work on stored data, as an operator calls them, on data of every shape it can have. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { findModules } from '../src/host/modules.ts';
import { enterEmbedded } from './support/embedded-database.ts';
import { freshDatabaseUrl } from './support/postgres.ts';
import { freePort, launch, temporaryFolder } from './support/running-program.ts';
import { startTopology } from './support/topologies.ts';

const modules = await findModules();
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function newFolder(): Promise<string> {
  const { path, remove } = await temporaryFolder('fissile-stored-');
  closers.push(remove);
  return path;
}

/** One process, whose modules have a database each. */
async function topologyIn(folder: string): Promise<string> {
  const file = join(folder, 'apart.yaml');
  writeFileSync(
    file,
    `events: memory\ndatabases: apart_*\nprocesses:\n  all: { modules: [gateway, ${modules.join(', ')}], port: ${await freePort()} }\n`,
  );
  return file;
}

async function run(environment: Record<string, string>, ...args: readonly string[]) {
  const program = launch(environment, args);
  closers.push(() => program.stop('SIGKILL'));
  return { code: await program.exited, output: program.output().trim() };
}

const userId = '01980000-0000-7000-8000-000000000001';
const eventId = '01980000-0000-7000-8000-000000000002';
const payload = { userId, email: 'ada@example.com', name: 'Ada', registeredAt: '2026-01-01T00:00:00.000Z' };
const event = {
  id: eventId,
  name: 'auth.user-registered',
  version: 1,
  key: userId,
  position: 1,
  payload,
  headers: {},
  occurredAt: '2026-01-01T00:00:00.000Z',
};
const deadLetter = `INSERT INTO users.inbox (subscription, event_id, key, position, state, attempts, error, event)
  VALUES ('users.create-profile', $1, $2, 1, 'dead', 8, 'Error: the disk was full', $3)`;

describe('with --topology', () => {
  it('the commands work on the databases of the topology, while it runs and when it is stopped', async () => {
    const folder = await newFolder();
    const DATA_DIR = join(folder, 'data');
    const file = await topologyIn(folder);
    const command = (...args: readonly string[]) => run({ DATA_DIR }, ...args, '--topology', file);
    const topology = await startTopology(file, { DATA_DIR });
    closers.push(() => topology.stop());
    const client = await enterEmbedded(DATA_DIR, 'apart_users');
    closers.push(() => client.end());
    await client.query(deadLetter, [eventId, userId, event]);

    expect((await command('events', 'list')).output).toMatch(
      /^users\.create-profile 01980000-\S+ .* 8 tries {2}Error: the disk was full$/,
    );
    expect(JSON.parse((await command('events', 'list', '--json')).output)).toMatchObject([
      { subscription: 'users.create-profile', eventId },
    ]);
    expect((await command('events', 'show', 'users.create-profile', eventId)).output).toContain('"Ada"');
    expect((await command('events', 'replay', 'users.create-profile', eventId)).code).toBe(0);
    await expect
      .poll(async () => (await client.query('SELECT name FROM users.profiles WHERE user_id = $1', [userId])).rows)
      .toEqual([{ name: 'Ada' }]);
    expect((await command('migrate')).output).toBe(modules.map((module) => `${module}: up to date`).join('\n'));

    const without = await run({ DATA_DIR }, 'events', 'list');
    expect(without).toEqual({
      code: 1,
      output: expect.stringMatching(/^Failed: There is no data of this program .* name the file with --topology\.$/),
    });

    await client.query(deadLetter, ['01980000-0000-7000-8000-000000000003', userId, event]).then(() => client.end());
    expect(await topology.stop()).toBe(0);
    expect((await command('events', 'list')).output).toContain('01980000-0000-7000-8000-000000000003');
    expect(JSON.parse((await command('migrate', '--json')).output)).toEqual(
      Object.fromEntries(modules.map((module) => [module, []])),
    );
    const backup = join(folder, 'backup.tar.gz');
    expect((await command('backup', backup)).code).toBe(0);
    const restored = { DATA_DIR: join(folder, 'restored') };
    expect((await run(restored, 'restore', backup, '--topology', file)).code).toBe(0);
    expect((await run(restored, 'events', 'list', '--topology', file)).output).toContain(
      '01980000-0000-7000-8000-000000000003',
    );
  });

  it('one on a server that does not have its databases is told so, and gets none', async () => {
    const folder = await newFolder();
    const { url, drop } = await freshDatabaseUrl();
    closers.push(drop);
    const file = await topologyIn(folder);
    for (const command of [['events', 'list'], ['migrate']]) {
      expect(await run({ DATABASE_URL: url }, ...command, '--topology', file)).toEqual({
        code: 1,
        output: expect.stringMatching(
          /^(Failed|Not migrated): There is no data of \S+ where the settings say: DATABASE_URL\. The topology creates its databases when it starts\.$/,
        ),
      });
    }
  });
});

describe('check-times', () => {
  it('tells which moments were stored in another time zone than UTC, and nothing where there are none', async () => {
    const { url, drop } = await freshDatabaseUrl();
    closers.push(drop);
    expect((await run({ DATABASE_URL: url }, 'migrate')).code).toBe(0);
    expect(await run({ DATABASE_URL: url }, 'check-times')).toEqual({
      code: 0,
      output: expect.stringMatching(/^Every moment [^\n]+$/),
    });
    expect(await run({ DATABASE_URL: url }, 'check-times', '--json')).toEqual({ code: 0, output: '[]' });

    const client = new pg.Client({ connectionString: url });
    await client.connect();
    // The id was made at 2025-07-12T18:57:36.768Z, on a server in New York.
    await client.query('INSERT INTO users.people VALUES ($1)', [userId]);
    await client.query(
      "INSERT INTO users.profiles (user_id, email, name, version, created_at, updated_at) VALUES ($1, 'ada@example.com', 'Ada', 1, '2025-07-12 18:57:37-04', now())",
      [userId],
    );
    await client.end();
    const line =
      'users.profiles.created_at: 1 of 1 rows are 4:00 h late, made from 2025-07-12T18:57:36.768Z to 2025-07-12T18:57:36.768Z';
    expect(await run({ DATABASE_URL: url }, 'check-times')).toEqual({ code: 1, output: line });
  });
});

describe('what keeps a command from the data is one line, without a stack, and nothing is created:', () => {
  it.each([
    'events list',
    'events list --json',
    `events replay users.create-profile ${eventId}`,
    'migrate',
    'check-times',
    'backup FILE',
  ])('no data, for %s', async (command) => {
    const folder = await newFolder();
    const DATA_DIR = join(folder, 'data');
    const { code, output } = await run(
      { DATA_DIR },
      ...command.replace('FILE', join(folder, 'backup.tar.gz')).split(' '),
    );
    expect(output).toMatch(/^[^\n]+: There is no database in [^\n]+postgres\. Say with DATA_DIR where it is\.$/);
    expect(code).toBe(1);
    expect(existsSync(DATA_DIR)).toBe(false);
  });

  it('a database that is empty', async () => {
    const { url, drop } = await freshDatabaseUrl();
    closers.push(drop);
    const { code, output } = await run({ DATABASE_URL: url }, 'events', 'list');
    expect(output).toMatch(/^Failed: There is no data of this program where the settings say: DATABASE_URL\.[^\n]+$/);
    expect(code).toBe(1);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    closers.unshift(() => client.end());
    expect((await client.query("SELECT nspname FROM pg_namespace WHERE nspname = 'users'")).rows).toEqual([]);
    await client.end();
  });

  it.each([
    [
      'a database on a host that is not there',
      { DATABASE_URL: 'postgresql://nobody@nowhere.invalid/nothing' },
      [],
      /DATABASE_URL: cannot reach PostgreSQL/,
    ],
    [
      'a module whose database is on a host that is not there',
      { USERS_DATABASE_URL: 'postgresql://nobody@nowhere.invalid/nothing', MODULES: 'users' },
      [],
      /USERS_DATABASE_URL: cannot reach/,
    ],
    ['no such topology', {}, ['--topology', 'topologies/none.yaml'], /none\.yaml: there is no such file/],
    [
      'modules that are named twice',
      { MODULES: 'users' },
      ['--topology', 'topologies/split.yaml'],
      /MODULES and --topology both say/,
    ],
  ])('%s', async (_, environment, args, said) => {
    const { code, output } = await run(
      { DATA_DIR: join(await newFolder(), 'data'), ...environment },
      'events',
      'list',
      ...args,
    );
    expect(output).toMatch(/^Failed: [^\n]+$/);
    expect(output).toMatch(said);
    expect(code).toBe(1);
  });

  it.each(['events', 'migrate'])('a folder that holds something else, for %s', async (command) => {
    const DATA_DIR = await newFolder();
    mkdirSync(join(DATA_DIR, 'postgres'));
    const { code, output } = await run({ DATA_DIR }, command, ...(command === 'events' ? ['list'] : []));
    expect(output).toMatch(/^[^\n]+ holds something other than[^\n]+$/);
    expect(code).toBe(1);
  });

  it('a reader that had enough, as in "events list | head", which is no failure', async () => {
    const { url, drop } = await freshDatabaseUrl();
    closers.push(drop);
    await run({ DATABASE_URL: url }, 'migrate');
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    // More than are read at a time.
    await client.query(
      `INSERT INTO users.inbox (subscription, event_id, key, position, state, attempts, error, event)
       SELECT 'users.create-profile', gen_random_uuid(), $1, 1, 'dead', 8, 'Error: the disk was full', $2 FROM generate_series(1, 1200)`,
      [userId, event],
    );
    await client.end();
    const read = launch({ DATABASE_URL: url }, ['events', 'list', '--json']);
    let list = '';
    read.process.stdout!.setEncoding('utf8').on('data', (text: string) => (list += text));
    expect(await read.exited, read.output()).toBe(0);
    expect(JSON.parse(list)).toHaveLength(1200);
    const unread = launch({ DATABASE_URL: url }, ['events', 'list', '--json']);
    unread.process.stdout!.destroy();
    expect({ code: await unread.exited, output: unread.output() }).toEqual({ code: 0, output: '' });
  });

  it('data of an older version, and ids that there are not', async () => {
    const { url, drop } = await freshDatabaseUrl();
    closers.push(drop);
    expect((await run({ DATABASE_URL: url }, 'migrate')).code).toBe(0);
    for (const args of [
      ['show', 'users.create-profile', 'nonsense'],
      ['replay', 'users.create-profile', 'nonsense'],
      ['replay', 'users.nothing', eventId],
    ]) {
      expect(await run({ DATABASE_URL: url }, 'events', ...args)).toEqual({
        code: 1,
        output: expect.stringMatching(/^\S+ has not given up an event [^\n]+$/),
      });
    }
    expect(await run({ DATABASE_URL: url }, 'events', 'show', 'bakery.bake', eventId)).toEqual({
      code: 2,
      output: expect.stringMatching(/^There is no subscription "bakery\.bake"[^\n]+$/),
    });

    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(
      'DELETE FROM users._prisma_migrations WHERE migration_name = (SELECT max(migration_name) FROM users._prisma_migrations)',
    );
    await client.end();
    const { code, output } = await run({ DATABASE_URL: url }, 'events', 'list');
    expect(output).toMatch(
      /^Failed: The database of users is of an older version: it lacks the migration \d+_\S+\. Run the command "migrate"[^\n]+$/,
    );
    expect(code).toBe(1);
  });
});
