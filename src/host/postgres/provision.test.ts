import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freshDatabaseUrl } from '../../../tests/support/postgres.ts';
import { freePort } from '../../../tests/support/running-program.ts';
import { type TcpLink, tcpLink } from '../../../tests/support/tcp-link.ts';
import { moduleSettings } from '#runtime/database/session-settings.ts';
import { migrate } from './migrate.ts';
import { checkOwnDatabase, connectionsOf, provision } from './provision.ts';
import { reach } from './reach.ts';

const modules = ['rooms', 'readers', 'library', 'fines'];
const permissionDenied = { code: '42501' };

let fresh: Awaited<ReturnType<typeof freshDatabaseUrl>>;
let admin: pg.Client;
let roles: Awaited<ReturnType<typeof provision>>;

beforeAll(async () => {
  fresh = await freshDatabaseUrl();
  admin = await reach({ connectionString: fresh.url }, 'DATABASE_URL');
  roles = await provision(admin, modules);
  for (const module of modules) await as(module, (client) => migrate(client, module));
});
afterAll(async () => {
  await admin.end();
  await fresh.drop();
});

async function as<T>(module: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await reach(roles.get(module)!, module);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe.each(modules)('the role of %s', (module) => {
  it('owns its tables and works with them', () =>
    as(module, async (client) => {
      await expect(client.query(`SELECT count(*) FROM "${module}".outbox`)).resolves.toMatchObject({ rowCount: 1 });
      await expect(
        client.query(`ALTER TABLE "${module}".outbox ALTER COLUMN owner SET DEFAULT 0`),
      ).resolves.toBeDefined();
    }));

  it('has the settings of its sessions by itself, as no pooler passes them on', async () => {
    const client = new pg.Client(roles.get(module)!);
    await client.connect();
    const settings = moduleSettings(module);
    const { rows } = await client.query(
      `SELECT json_object_agg(name, CASE name WHEN 'search_path' THEN '"' || setting || '"' ELSE setting END) AS found FROM pg_settings WHERE name = ANY ($1)`,
      [Object.keys(settings)],
    );
    await client.end();
    expect(rows[0].found).toEqual(settings);
  });

  it("is refused every other module's tables", () =>
    as(module, async (client) => {
      const others = modules.filter((other) => other !== module);
      for (const other of others) {
        const tables = await admin.query('SELECT tablename FROM pg_tables WHERE schemaname = $1', [other]);
        expect(tables.rows.length).toBeGreaterThan(4);
        for (const { tablename } of tables.rows) {
          await expect(client.query(`SELECT FROM "${other}"."${tablename}"`)).rejects.toMatchObject(permissionDenied);
          await expect(client.query(`DELETE FROM "${other}"."${tablename}"`)).rejects.toMatchObject(permissionDenied);
          await expect(client.query(`DROP TABLE "${other}"."${tablename}"`)).rejects.toMatchObject(permissionDenied);
        }
        await expect(client.query(`CREATE TABLE "${other}".mine ()`)).rejects.toMatchObject(permissionDenied);
      }
    }));

  it("may not act as another module's role", () =>
    as(module, async (client) => {
      for (const other of modules.filter((name) => name !== module)) {
        await expect(client.query(`SET ROLE "${roles.get(other)!.user}"`)).rejects.toMatchObject(permissionDenied);
      }
    }));

  it.each([
    'CREATE TABLE public.mine ()',
    'CREATE SCHEMA mine',
    'CREATE TEMP TABLE mine ()',
    'CREATE ROLE mine',
    'CREATE DATABASE mine',
    'ALTER ROLE CURRENT_USER CREATEDB',
    'SET ROLE postgres',
    "SELECT pg_read_file('postgresql.conf')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    'SELECT pg_reload_conf()',
  ])('may not: %s', (statement) =>
    as(module, async (client) => {
      await expect(client.query(statement)).rejects.toMatchObject(permissionDenied);
    }),
  );
});

describe('provisioning', () => {
  const statementsOf = async (work: () => Promise<unknown>) => {
    const texts: string[] = [];
    const query = admin.query.bind(admin) as (...given: unknown[]) => Promise<never>;
    admin.query = ((...given: unknown[]) => {
      texts.push(String(given[0]));
      return query(...given);
    }) as never;
    await work();
    admin.query = query as never;
    return texts;
  };

  it('sends one statement when everything is there', async () => {
    expect(await statementsOf(() => provision(admin, modules))).toHaveLength(1);
    expect(await provision(admin, modules)).toEqual(roles);
  });

  it.each([
    ['a role that became a superuser', `ALTER ROLE "%" SUPERUSER`],
    ['a role that may create roles', `ALTER ROLE "%" CREATEROLE`],
    ['a role with another password', `ALTER ROLE "%" PASSWORD 'other'; COMMENT ON ROLE "%" IS NULL`],
    ['a schema that somebody else owns', 'ALTER SCHEMA library OWNER TO postgres'],
    ["a module's schema open to all", 'GRANT USAGE ON SCHEMA library TO PUBLIC'],
    ['a public schema open to all', 'GRANT USAGE ON SCHEMA public TO PUBLIC'],
    ['a database open to all', 'GRANT CONNECT ON DATABASE "$" TO PUBLIC'],
    ['a role that may not connect', 'REVOKE CONNECT ON DATABASE "$" FROM "%"'],
    ['a role with another time zone', `ALTER ROLE "%" IN DATABASE "$" SET TimeZone TO 'America/New_York'`],
    ['a role without a search path', 'ALTER ROLE "%" IN DATABASE "$" RESET search_path'],
  ])('mends %s', async (_what, change) => {
    const role = roles.get('library')!.user!;
    await admin.query(change.replaceAll('%', role).replaceAll('$', admin.database!));
    expect((await statementsOf(() => provision(admin, modules))).length).toBeGreaterThan(1);
    await as('library', (client) => client.query('SELECT count(*) FROM library.outbox'));
    expect(await statementsOf(() => provision(admin, modules))).toHaveLength(1);
  });

  it('gives the roles the ending that a pooler of several servers wants behind each name', () => {
    const pooler = {
      host: 'pooler.example.com',
      port: 6543,
      user: `${admin.user}.tenant`,
      password: 'not theirs',
      database: admin.database!,
    };
    for (const [module, { user, password }] of roles) {
      expect(connectionsOf(admin, modules, pooler).get(module)).toEqual({
        ...pooler,
        user: `${user}.tenant`,
        password,
      });
    }
  });

  it('can be done by several programs at once', async () => {
    const other = await freshDatabaseUrl();
    const admins = await Promise.all([1, 2, 3, 4].map(() => reach({ connectionString: other.url }, 'DATABASE_URL')));
    const results = await Promise.all(admins.map((client) => provision(client, modules)));
    for (const result of results) expect(result).toEqual(results[0]);
    const client = await reach(results[0]!.get('library')!, 'library');
    await Promise.all([client, ...admins].map((each) => each.end()));
    await other.drop();
  });

  it('follows a change of the administrator’s password', async () => {
    const boss = `${admin.database}_boss`;
    const asBoss = (password: string) => reach({ ...roles.get('library')!, user: boss, password }, 'DATABASE_URL');
    await admin.query(`CREATE ROLE "${boss}" SUPERUSER LOGIN PASSWORD 'first'`);
    for (const password of ['first', 'second']) {
      await admin.query(`ALTER ROLE "${boss}" PASSWORD '${password}'`);
      const client = await asBoss(password);
      const settings = (await provision(client, modules)).get('library')!;
      const library = await reach(settings, 'library');
      expect((await library.query('SELECT current_user AS role')).rows).toEqual([{ role: settings.user }]);
      await Promise.all([library.end(), client.end()]);
    }
    await provision(admin, modules);
    await admin.query(`DROP ROLE "${boss}"`);
  });

  it('works for an administrator who is no superuser but owns the database and may create roles', async () => {
    const other = await freshDatabaseUrl();
    const name = new URL(other.url).pathname.slice(1);
    await admin.query(
      `CREATE ROLE "${name}_boss" LOGIN CREATEROLE PASSWORD 'boss'; ALTER DATABASE "${name}" OWNER TO "${name}_boss"`,
    );
    const url = Object.assign(new URL(other.url), { username: `${name}_boss`, password: 'boss' });
    const client = await reach({ connectionString: url.href }, 'DATABASE_URL');
    const settings = await provision(client, modules);
    const library = await reach(settings.get('library')!, 'library');
    await migrate(library, 'library');
    await library.end();
    expect(await provision(client, modules)).toEqual(settings);
    await client.end();
    await other.drop();
  });

  it('says what is missing to an administrator who may not', async () => {
    const client = await reach(roles.get('library')!, 'DATABASE_URL');
    await expect(provision(client, modules)).rejects.toThrow(
      /^DATABASE_URL: the user \S+ may not prepare .*CREATEROLE/,
    );
    await client.end();
  });

  it('keeps names that are too long for PostgreSQL apart', async () => {
    const name = `${admin.database}_${'long'.repeat(20)}`.slice(0, 60);
    await admin.query(`CREATE DATABASE "${name}"`);
    const client = await reach({ connectionString: fresh.url.replace(admin.database!, name) }, 'DATABASE_URL');
    const settings = await provision(client, modules);
    expect(new Set([...settings.values()].map(({ user }) => user)).size).toBe(4);
    for (const each of settings.values()) await (await reach(each, 'test')).end();
    await client.end();
    await admin.query(`DROP DATABASE "${name}"`);
  });
});

describe('a module with a database of its own', () => {
  const check = async (url: string, production: boolean, module = 'library') => {
    const client = await reach({ connectionString: url }, 'LIBRARY_DATABASE_URL');
    try {
      await checkOwnDatabase(client, module, {
        variable: 'LIBRARY_DATABASE_URL',
        otherModules: modules.filter((other) => other !== module),
        production,
      });
    } finally {
      await client.end();
    }
  };
  const urlOf = (module: string) => {
    const { user, password } = roles.get(module)!;
    return Object.assign(new URL(fresh.url), { username: user, password }).href;
  };

  it('may use the role that owns its schema', async () => {
    await expect(check(urlOf('library'), true)).resolves.toBeUndefined();
  });

  it('is refused a role that neither owns its schema nor can create it', async () => {
    await expect(check(urlOf('readers'), false)).rejects.toThrow(
      /^LIBRARY_DATABASE_URL: the user \S+ must own the schema "library"/,
    );
  });

  it('is refused a superuser in production only', async () => {
    await expect(check(fresh.url, false)).resolves.toBeUndefined();
    await expect(check(fresh.url, true)).rejects.toThrow(/^LIBRARY_DATABASE_URL: .* is a superuser/);
  });

  it("is refused in production a role that reaches another module's schema", async () => {
    await admin.query(`GRANT USAGE ON SCHEMA fines TO "${roles.get('library')!.user}"`);
    await expect(check(urlOf('library'), true)).rejects.toThrow(/can reach the schema "fines"/);
    await admin.query(`REVOKE USAGE ON SCHEMA fines FROM "${roles.get('library')!.user}"`);
  });
});

describe('a server that encrypts', () => {
  const encrypts = async () => (await admin.query('SHOW ssl')).rows[0]?.ssl === 'on';

  it('is spoken to in secret by every module where the URL says so', async ({ skip }) => {
    if (!(await encrypts())) skip('this server has ssl = off');
    const { href } = Object.assign(new URL(fresh.url), { search: 'sslmode=no-verify' });
    const client = await reach({ connectionString: href }, 'DATABASE_URL');
    const connections = await provision(client, modules);
    await client.end();
    for (const connection of connections.values()) {
      const own = await reach(connection, 'DATABASE_URL');
      const { rows } = await own.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()');
      await own.end();
      expect(rows).toEqual([{ ssl: true }]);
    }
  });

  it('is not believed to be what it is not', async ({ skip }) => {
    if (!(await encrypts())) skip('this server has ssl = off');
    const { href } = Object.assign(new URL(fresh.url), { search: 'sslmode=verify-full' });
    await expect(reach({ connectionString: href }, 'DATABASE_URL')).rejects.toThrow(
      /^DATABASE_URL: cannot reach .*certificate/,
    );
  });
});

describe('a server that cannot be reached', () => {
  const url = (changes: object) => Object.assign(new URL(fresh.url), changes).href;

  it.each([
    ['is not there', () => url({ port: '1' }), /at 127\.0\.0\.1:1, database \S+, user \S+: no server answers there\.$/],
    ['has another password', () => url({ password: 'wrong' }), /the user or the password is wrong\.$/],
    ['has no such database', () => url({ pathname: '/nowhere' }), /there is no such database\.$/],
    ['has no such name', () => url({ hostname: 'nowhere.invalid' }), /there is no such host\.$/],
  ])('because it %s is reported in one line without the password', async (_what, makeUrl, line) => {
    const failing = reach({ connectionString: makeUrl() }, 'DATABASE_URL', { patience: 0, say: () => {} });
    await expect(failing).rejects.toMatchObject({ name: 'StartupError', message: expect.stringMatching(line) });
    await expect(failing).rejects.toThrow(/^DATABASE_URL: [^\n]*$/);
    await expect(failing).rejects.not.toThrow(new URL(fresh.url).password);
  });

  it('and refuses connections is waited for, with one line, until it answers', async () => {
    const { hostname: host, port } = new URL(fresh.url);
    const later = await freePort();
    const said: string[] = [];
    const waiting = { patience: 200_000, say: (line: string) => void said.push(line) };
    const reached = reach({ connectionString: url({ port: String(later) }) }, 'DATABASE_URL', waiting);
    await expect
      .poll(() => said)
      .toEqual([`DATABASE_URL: waiting 200 s at most for PostgreSQL at 127.0.0.1:${later}: no server answers there.`]);
    const link = await tcpLink({ host, port: Number(port) }, later);
    await (await reached).end();
    await link.close();
    expect(said).toHaveLength(1);
  });

  it('is reached after many tries', async () => {
    const { hostname: host, port } = new URL(fresh.url);
    const later = await freePort();
    let warned = 0;
    const warn = () => void warned++;
    process.on('warning', warn);
    // As large as a time to connect becomes that is doubled with each of many tries.
    const waiting = { patience: 200_000, firstTry: 2 ** 31 - 1, say: () => void setTimeout(open, 1_000) };
    const { promise: opened, resolve } = Promise.withResolvers<Awaited<ReturnType<typeof tcpLink>>>();
    const open = () => resolve(tcpLink({ host, port: Number(port) }, later));
    await (await reach({ connectionString: url({ port: String(later) }) }, 'DATABASE_URL', waiting)).end();
    await (await opened).close();
    process.off('warning', warn);
    expect(warned).toBe(0);
  });

  it.each([
    [
      'does not answer',
      (link: TcpLink) => void (link.delay = 600_000),
      (link: TcpLink) => void (link.delay = 0),
      'it does not answer',
    ],
    [
      'ends connections, as a container whose port is open already',
      (link: TcpLink) => link.refuse(),
      (link: TcpLink) => link.accept(),
      '',
    ],
  ])('and %s is waited for, with one line, until it answers', async (_what, spoil, mend, reason) => {
    const { hostname: host, port } = new URL(fresh.url);
    const link = await tcpLink({ host, port: Number(port) });
    spoil(link);
    const said: string[] = [];
    const waiting = { patience: 200_000, firstTry: 500, say: (line: string) => void said.push(line) };
    const reached = reach({ connectionString: url({ port: String(link.port) }) }, 'DATABASE_URL', waiting);
    await expect.poll(() => said).toHaveLength(1);
    expect(said[0]).toContain(`waiting 200 s at most for PostgreSQL at 127.0.0.1:${link.port}: ${reason}`);
    mend(link);
    await (await reached).end();
    await link.close();
    expect(said).toHaveLength(1);
  });
});
