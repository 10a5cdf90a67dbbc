import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { connect } from '../../../tests/support/postgres.ts';
import { migrate } from './migrate.ts';
import { giveDatabases } from './own-databases.ts';

const modules = ['auth', 'users', 'orders', 'payments'];
const notAllowed = { code: '42501' };

let admin: pg.Client;
let prefix: string;
let urls: ReadonlyMap<string, string>;
const nameOf = (module: string) => `${prefix}${module}`;

beforeAll(async () => {
  // Names with the run's prefix are dropped after it, databases and roles.
  prefix = `${inject('testServer').prefix}own_${randomBytes(4).toString('hex')}_`;
  admin = await connect('postgres');
  urls = await giveDatabases(admin, modules, nameOf);
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
      await expect(as(other, async () => {}, nameOf(module)), other).rejects.toMatchObject(notAllowed);
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
    await as('orders', (client) => client.query('CREATE TABLE kept ()'));
    expect(await giveDatabases(admin, modules, nameOf)).toEqual(urls);
    await expect(as('orders', (client) => client.query('SELECT FROM kept'))).resolves.toBeDefined();
  });

  it('by two programs at once is done once', async () => {
    const others = (module: string) => `${prefix}twice_${module}`;
    const second = await connect('postgres');
    const [one, two] = await Promise.all([giveDatabases(admin, ['auth'], others), giveDatabases(second, ['auth'], others)]);
    expect(one).toEqual(two);
    await second.end();
  });

  it('takes back what a role got besides, and closes a database that was opened', async () => {
    await admin.query(`ALTER ROLE "${nameOf('users')}" CREATEDB; GRANT CONNECT ON DATABASE "${nameOf('users')}" TO PUBLIC`);
    await giveDatabases(admin, modules, nameOf);
    await expect(as('users', (client) => client.query('CREATE DATABASE mine'))).rejects.toMatchObject(notAllowed);
    await expect(as('auth', async () => {}, nameOf('users'))).rejects.toMatchObject(notAllowed);
  });

  it('leaves alone what somebody else made', async () => {
    const theirs = `${prefix}theirs`;
    await admin.query(`CREATE DATABASE "${theirs}"`);
    await expect(giveDatabases(admin, ['theirs'], nameOf)).rejects.toThrow(`there is a database ${theirs} already that this program did not make`);
    await admin.query(`DROP DATABASE "${theirs}"; `);
    await admin.query(`CREATE ROLE "${theirs}"`);
    await expect(giveDatabases(admin, ['theirs'], nameOf)).rejects.toThrow(`there is a role ${theirs} already that this program did not make`);
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
      await expect(giveDatabases(client, ['shop'], nameOf)).rejects.toThrow(/the user \S+weak may not create a database for each module .* \(CREATEROLE, CREATEDB\)/);
    } finally {
      await client.end();
      await admin.query(`REVOKE ALL ON DATABASE postgres FROM "${weak}"`);
      await admin.query(`DROP ROLE "${weak}"`);
    }
  });
});
