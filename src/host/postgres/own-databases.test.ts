import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connect, freshDatabaseUrl } from '../../../tests/support/postgres.ts';
import { migrate } from './migrate.ts';
import { giveDatabases } from './own-databases.ts';
import { provision } from './provision.ts';
import { reach } from './reach.ts';

const modules = ['rooms', 'readers', 'library', 'fines'];
const notAllowed = { code: '42501' };

let admin: pg.Client;
let prefix: string;
let urls: ReadonlyMap<string, string>;
const nameOf = (module: string) => `${prefix}${module}`;
const announced: string[] = [];
const options = { nameOf, announce: (line: string) => void announced.push(line) };

beforeAll(async () => {
  // Names with the run's prefix are dropped after it, databases and roles.
  prefix = `${inject('testServer').prefix}own_${randomBytes(4).toString('hex')}_`;
  admin = await connect('postgres');
  urls = await giveDatabases(admin, modules, options);
});
afterAll(async () => {
  for (const module of modules) {
    await admin.query(`DROP DATABASE IF EXISTS "${nameOf(module)}" WITH (FORCE)`);
    await admin.query(`DROP ROLE IF EXISTS "${nameOf(module)}"`);
  }
  await admin.end();
});

async function as<T>(module: string, work: (client: pg.Client) => Promise<T>, database = nameOf(module)): Promise<T> {
  const url = new URL(urls.get(module)!);
  url.pathname = `/${database}`;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe.each(modules)('the database of %s', (module) => {
  it('belongs to its own role, which keeps its tables there', () =>
    as(module, async (client) => {
      await migrate(client, module);
      await expect(client.query(`SELECT count(*) FROM "${module}".outbox`)).resolves.toMatchObject({ rowCount: 1 });
    }));

  it('admits nobody else', async () => {
    for (const other of modules.filter((name) => name !== module)) {
      await expect(
        as(other, async () => {}, nameOf(module)),
        other,
      ).rejects.toMatchObject(notAllowed);
    }
  });

  it('is all that its role can do', () =>
    as(module, async (client) => {
      await expect(client.query('CREATE DATABASE mine')).rejects.toMatchObject(notAllowed);
      await expect(client.query('CREATE ROLE mine')).rejects.toMatchObject(notAllowed);
    }));
});

describe('giving databases', () => {
  it('again changes nothing, and leads to the same', async () => {
    await as('library', (client) => client.query('CREATE TABLE public.kept ()'));
    expect(await giveDatabases(admin, modules, options)).toEqual(urls);
    await expect(as('library', (client) => client.query('SELECT FROM public.kept'))).resolves.toBeDefined();
  });

  it('mends the settings of the sessions, which no pooler passes on', async () => {
    const zone = () =>
      as('library', async (client) => (await client.query(`SELECT current_setting('TimeZone') AS zone`)).rows[0].zone);
    await admin.query(
      `ALTER ROLE "${nameOf('library')}" IN DATABASE "${nameOf('library')}" SET TimeZone TO 'Asia/Kathmandu'`,
    );
    expect(await zone()).toBe('Asia/Kathmandu');
    await giveDatabases(admin, modules, options);
    expect(await zone()).toBe('UTC');
  });

  it('by two programs at once is done once', async () => {
    const others = (module: string) => `${prefix}twice_${module}`;
    const second = await connect('postgres');
    const [one, two] = await Promise.all([
      giveDatabases(admin, ['rooms'], { ...options, nameOf: others }),
      giveDatabases(second, ['rooms'], { ...options, nameOf: others }),
    ]);
    expect(one).toEqual(two);
    await second.end();
  });

  it('takes back what a role got besides, and closes a database that was opened', async () => {
    await admin.query(
      `ALTER ROLE "${nameOf('readers')}" CREATEDB; GRANT CONNECT ON DATABASE "${nameOf('readers')}" TO PUBLIC`,
    );
    await giveDatabases(admin, modules, options);
    await expect(as('readers', (client) => client.query('CREATE DATABASE mine'))).rejects.toMatchObject(notAllowed);
    await expect(as('rooms', async () => {}, nameOf('readers'))).rejects.toMatchObject(notAllowed);
  });

  it('begins with what the module had in a database for all, and with nothing of the others', async () => {
    const shared = await freshDatabaseUrl();
    const sharedAdmin = await reach({ connectionString: shared.url }, 'DATABASE_URL');
    const connections = await provision(sharedAdmin, modules);
    for (const module of modules) {
      const client = await reach(connections.get(module)!, module);
      await migrate(client, module);
      await client.query(
        `CREATE TABLE "${module}".kept (name text); INSERT INTO "${module}".kept VALUES ('${module}')`,
      );
      await client.end();
    }
    const moved = { nameOf: (module: string) => `${prefix}moved_${module}`, announce: options.announce };
    // An interrupted start left it.
    await admin.query(`CREATE DATABASE "${moved.nameOf('library')}_unfinished"`);
    try {
      const given = await giveDatabases(sharedAdmin, modules, moved);
      expect(announced.at(-1)).toMatch(
        /^Each of rooms, readers, library, fines has a database of its own from now on, with a copy of what it had\./,
      );
      for (const module of modules) {
        const client = new pg.Client({ connectionString: given.get(module)! });
        await client.connect();
        expect((await client.query(`SELECT name FROM "${module}".kept`)).rows).toEqual([{ name: module }]);
        expect(await migrate(client, module)).toEqual([]);
        await client.query(`ALTER TABLE "${module}".outbox ALTER COLUMN owner SET DEFAULT 0`);
        const { rows } = await client.query('SELECT nspname FROM pg_namespace WHERE nspname = ANY ($1)', [modules]);
        expect(rows).toEqual([{ nspname: module }]);
        await client.end();
      }
      const said = announced.length;
      expect(await giveDatabases(sharedAdmin, modules, moved)).toEqual(given);
      expect(announced, 'only once').toHaveLength(said);
    } finally {
      await sharedAdmin.end();
      for (const module of modules) await admin.query(`DROP DATABASE IF EXISTS "${moved.nameOf(module)}" WITH (FORCE)`);
      await shared.drop();
    }
  });

  it('asks to stop the program that still uses the database for all', async () => {
    const shared = await freshDatabaseUrl();
    const sharedAdmin = await reach({ connectionString: shared.url }, 'DATABASE_URL');
    await provision(sharedAdmin, ['library']);
    const running = await reach({ connectionString: shared.url }, 'DATABASE_URL');
    const refused = giveDatabases(sharedAdmin, ['library'], { ...options, nameOf: () => `${prefix}busy` });
    await expect(refused).rejects.toThrow(
      /somebody uses the database \S+, from which library gets its data\. Stop that program first\./,
    );
    await running.end();
    await sharedAdmin.end();
    await shared.drop();
  });

  it('leaves alone what somebody else made', async () => {
    const theirs = `${prefix}theirs`;
    await admin.query(`CREATE DATABASE "${theirs}"`);
    await expect(giveDatabases(admin, ['theirs'], options)).rejects.toThrow(
      `there is a database ${theirs} already that this program did not make`,
    );
    await admin.query(`DROP DATABASE "${theirs}"; `);
    await admin.query(`CREATE ROLE "${theirs}"`);
    await expect(giveDatabases(admin, ['theirs'], options)).rejects.toThrow(
      `there is a role ${theirs} already that this program did not make`,
    );
    await admin.query(`DROP ROLE "${theirs}"`);
  });

  it('says which rights are missing', async () => {
    const weak = `${prefix}weak`;
    await admin.query(`CREATE ROLE "${weak}" LOGIN PASSWORD 'weak'`);
    const url = new URL(`${inject('testServer').url}/postgres`);
    url.username = weak;
    url.password = 'weak';
    const client = new pg.Client({ connectionString: url.href });
    try {
      // The embedded server admits only the superuser to this database.
      await admin.query(`GRANT CONNECT ON DATABASE postgres TO "${weak}"`);
      await client.connect();
      await expect(giveDatabases(client, ['shop'], options)).rejects.toThrow(
        /the user \S+weak may not create a database for each module .* \(CREATEROLE, CREATEDB\)/,
      );
    } finally {
      await client.end();
      await admin.query(`REVOKE ALL ON DATABASE postgres FROM "${weak}"`);
      await admin.query(`DROP ROLE "${weak}"`);
    }
  });
});
