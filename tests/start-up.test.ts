import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { freshDatabaseUrl, connect } from './support/postgres.ts';
import {
  administrator,
  freePort,
  launch,
  start,
  temporaryFolder,
  type RunningProgram,
} from './support/running-program.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function newFolder(): Promise<string> {
  const { path, remove } = await temporaryFolder();
  closers.push(remove);
  return path;
}

function watched(program: RunningProgram): RunningProgram {
  closers.push(() => program.stop('SIGKILL'));
  return program;
}

/** Starts the program where it must end by itself, and returns what it says. */
async function refused(environment: Record<string, string>, args: readonly string[] = []) {
  const program = watched(launch({ DATA_DIR: await newFolder(), ...environment }, args));
  return { code: await program.exited, output: program.output().trim() };
}

const production = {
  NODE_ENV: 'production',
  HOST: '127.0.0.1',
  PAYMENT_PROVIDER: 'sandbox',
  AUTH_KEY_SECRET: 'k'.repeat(32),
};

const json = { 'content-type': 'application/json' };
async function logIn(url: string, email: string, password: string, newPassword?: string) {
  const answer = await fetch(`${url}/v1/auth/login`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ email, password, newPassword }),
  });
  return {
    status: answer.status,
    token: answer.ok ? ((await answer.json()) as { accessToken: string }).accessToken : '',
  };
}

describe('starting for the first time', () => {
  it('makes an administrator, says the password once, and loads the demo catalogue', async () => {
    const DATA_DIR = await newFolder();
    const first = watched(await start({ DATA_DIR, ADMIN_PASSWORD: '' }));
    await expect.poll(() => first.output()).toMatch(/Stop +Ctrl-C/);
    expect(first.output()).toContain(`Address  ${first.url}`);
    expect(first.output()).toContain(`Docs     ${first.url}/docs`);
    expect(first.output()).toContain(DATA_DIR);
    const password = /password (\S+)/.exec(first.output())?.[1];
    expect((await logIn(first.url, administrator.email, password!)).status, 'another one has to take its place').toBe(
      403,
    );
    expect((await logIn(first.url, administrator.email, password!, administrator.password)).status).toBe(200);
    const products = (await (await fetch(`${first.url}/v1/products`)).json()) as { data: unknown[] };
    expect(products.data).toHaveLength(12);
    expect(await first.stop()).toBe(0);

    const second = watched(await start({ DATA_DIR, ADMIN_PASSWORD: '' }));
    expect(second.output()).not.toMatch(/password|catalogue/i);
    expect((await logIn(second.url, administrator.email, password!)).status, 'it was good for one login').toBe(401);
    expect((await logIn(second.url, administrator.email, administrator.password)).status, 'all is kept').toBe(200);
    expect(await second.stop()).toBe(0);
  });

  it('creates nothing that others may write, whatever the mask of the shell', async () => {
    const DATA_DIR = join(await newFolder(), 'data');
    const mask = process.umask(0);
    const program = watched(launch({ DATA_DIR, PORT: String(await freePort()), LOG_LEVEL: 'warn' }));
    process.umask(mask);
    await expect.poll(() => program.output()).toMatch(/Stop +Ctrl-C/);
    const open = ['.', ...readdirSync(DATA_DIR, { recursive: true, encoding: 'utf8' })].filter((path) => {
      const found = lstatSync(join(DATA_DIR, path), { throwIfNoEntry: false });
      return found !== undefined && !found.isSymbolicLink() && (found.mode & 0o022) !== 0;
    });
    expect(open).toEqual([]);
    await program.stop();
  });

  it('opens its port when it can answer', async () => {
    const PORT = String(await freePort());
    const program = watched(launch({ DATA_DIR: await newFolder(), PORT, LOG_LEVEL: 'warn' }));
    const firstAnswer = async () => (await fetch(`${program.url}/v1/products`)).status;
    await expect.poll(() => firstAnswer().catch(() => undefined), { interval: 20 }).toBeDefined();
    expect(await firstAnswer()).toBe(200);
    await program.stop();
  });

  it('loads the catalogue also where the start before was refused halfway', async () => {
    const DATA_DIR = await newFolder();
    const { output } = await refused({ DATA_DIR, PORT: String(await freePort()), ADMIN_PASSWORD: 'administrator-123' });
    expect(output).toContain('ADMIN_PASSWORD');
    const { url, stop } = watched(await start({ DATA_DIR }));
    const products = (await (await fetch(`${url}/v1/products`)).json()) as { data: unknown[] };
    expect(products.data).toHaveLength(12);
    expect(await stop()).toBe(0);
  });

  it('leaves the shop empty in production, and says what is weak at every start', async () => {
    const { url, drop } = await freshDatabaseUrl();
    closers.push(drop);
    const environment = { ...production, DATABASE_URL: url, PEER_TLS: 'off' };
    for (const time of ['first', 'second']) {
      const program = watched(await start(environment));
      expect(await (await fetch(`${program.url}/v1/products`)).json()).toMatchObject({ data: [] });
      expect(program.output(), time).toMatch(/^Weak setting: PEER_TLS=off: [^\n]+$/m);
      expect(program.output(), time).toMatch(/^Weak setting: PAYMENT_PROVIDER=sandbox: [^\n]+$/m);
      expect(await program.stop()).toBe(0);
    }
  });
});

describe('stopping', () => {
  it('by SIGTERM to npm start, as systemd, pm2 and kill $! do', async () => {
    const PORT = String(await freePort());
    const { path: cache, remove } = await temporaryFolder();
    closers.push(remove);
    const npm = spawn('npm', ['start'], {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        npm_config_cache: cache,
        DATA_DIR: await newFolder(),
        PORT,
        LOG_LEVEL: 'warn',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    npm.stderr.on('data', (data: Buffer) => (said += data.toString()));
    const ended = new Promise((resolve) => npm.once('close', resolve));
    await expect.poll(() => said).toMatch(/Stop +Ctrl-C/);
    npm.kill('SIGTERM');
    await ended;
    expect(said).toMatch(/Stopped\.\n/);
    await expect(fetch(`http://127.0.0.1:${PORT}/livez`)).rejects.toThrow();
  });

  it('is not what a closed terminal does to a program that nohup started', async () => {
    const program = watched(await start({ DATA_DIR: await newFolder() }));
    program.process.kill('SIGHUP');
    program.process.kill('SIGHUP');
    expect((await fetch(`${program.url}/v1/products`)).status).toBe(200);
    expect(await program.stop()).toBe(0);
    expect(program.output()).toMatch(/Stopped\.\n/);
  });

  it('is what a closed terminal does to the program in it', async () => {
    const PORT = String(await freePort());
    // `script` gives it a terminal, and takes it away when it ends itself.
    const terminal = spawn('script', ['--quiet', '--command', `${process.execPath} src/start.js`, '/dev/null'], {
      env: { PATH: process.env.PATH, DATA_DIR: await newFolder(), PORT, LOG_LEVEL: 'warn' },
    });
    closers.push(async () => terminal.kill('SIGKILL'));
    let said = '';
    terminal.stdout.on('data', (data: Buffer) => (said += data.toString()));
    await expect.poll(() => said).toMatch(/Stop +Ctrl-C/);
    terminal.kill('SIGKILL');
    const reached = () =>
      fetch(`http://127.0.0.1:${PORT}/livez`).then(
        () => true,
        () => false,
      );
    await expect.poll(reached).toBe(false);
  });

  async function orderUnderWay(url: string, headers: Record<string, string>): Promise<void> {
    await expect
      .poll(async () => ((await (await fetch(`${url}/v1/orders`, { headers })).json()) as { data: unknown[] }).data)
      .toHaveLength(1);
  }

  it.each(['SIGTERM', 'SIGINT'] as const)(
    'by %s finishes the requests under way and takes no new ones',
    async (signal) => {
      const DATA_DIR = await newFolder();
      const program = watched(await start({ DATA_DIR }));
      const { token } = await logIn(program.url, administrator.email, administrator.password);
      const headers = { ...json, authorization: `Bearer ${token}`, prefer: 'wait=10' };
      // The sandbox takes three seconds for this one.
      const body = JSON.stringify({ items: [{ sku: 'coffee-beans', quantity: 1 }], paymentToken: 'tok_slow' });
      const slow = fetch(`${program.url}/v1/orders`, { method: 'POST', headers, body });
      await orderUnderWay(program.url, headers);
      const stopped = program.stop(signal);
      await expect
        .poll(() =>
          fetch(`${program.url}/livez`).then(
            () => 'taken',
            () => 'not taken',
          ),
        )
        .toBe('not taken');
      expect(await (await slow).json()).toMatchObject({ status: 'paid' });
      expect(await stopped).toBe(0);
      expect(existsSync(join(DATA_DIR, 'postgres', 'postmaster.pid')), 'the database was stopped cleanly').toBe(false);
    },
  );

  it('by SIGTERM keeps the port open for SHUTDOWN_DELAY, so that a probe sees that it is not ready', async () => {
    const program = watched(await start({ DATA_DIR: await newFolder(), SHUTDOWN_DELAY: '4' }));
    const stopped = program.stop();
    await expect.poll(async () => (await fetch(`${program.url}/readyz`)).status).toBe(503);
    const answer = await fetch(`${program.url}/v1/products`);
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
    expect(await stopped).toBe(0);
  });

  it('cuts off what takes longer than SHUTDOWN_TIMEOUT', async () => {
    const program = watched(await start({ DATA_DIR: await newFolder(), SHUTDOWN_TIMEOUT: '1' }));
    const { token } = await logIn(program.url, administrator.email, administrator.password);
    const headers = { ...json, authorization: `Bearer ${token}`, prefer: 'wait=30' };
    const body = JSON.stringify({ items: [{ sku: 'coffee-beans', quantity: 1 }], paymentToken: 'tok_timeout' });
    const endless = fetch(`${program.url}/v1/orders`, { method: 'POST', headers, body }).then(
      () => 'answered',
      () => 'cut off',
    );
    await orderUnderWay(program.url, headers);
    const asked = performance.now();
    expect(await program.stop()).toBe(0);
    expect(performance.now() - asked).toBeLessThan(20_000);
    expect(await endless).toBe('cut off');
  });
});

describe('what keeps the program from starting is one line, and the exit code says so:', () => {
  const oneLine = /^Fissile did not start: [^\n]+$/;

  it('a taken port, before anything is created', async () => {
    const PORT = String(await freePort());
    const other = createServer().listen(Number(PORT), '127.0.0.1');
    closers.push(async () => other.close());
    const DATA_DIR = await newFolder();
    const { code, output } = await refused({ PORT, DATA_DIR });
    expect(output).toMatch(oneLine);
    expect(output).toContain(`Port ${PORT} on 127.0.0.1 is taken`);
    expect(code).toBe(1);
    expect(existsSync(join(DATA_DIR, 'postgres'))).toBe(false);
  });

  it('a second copy on the same data', async () => {
    const DATA_DIR = await newFolder();
    const program = watched(await start({ DATA_DIR }));
    const { code, output } = await refused({ DATA_DIR, PORT: String(await freePort()) });
    expect(output).toMatch(oneLine);
    expect(output).toContain(`in use by process ${program.process.pid}`);
    expect(code).toBe(1);
    expect((await fetch(`${program.url}/readyz`)).status, 'the first one goes on').toBe(200);
    await program.stop();
  });

  it('a data folder that cannot be written', async () => {
    const file = join(await newFolder(), 'a-file');
    writeFileSync(file, '');
    const { code, output } = await refused({ DATA_DIR: join(file, 'data'), PORT: String(await freePort()) });
    expect(output).toMatch(oneLine);
    expect(output).toContain(file);
    expect(code).toBe(1);
  });

  it.each([
    ['PORT', 'eighty', /Wrong environment variable PORT: "eighty" is not a whole number from 0 to 65535\.$/],
    [
      'CHECKOUT_TIMEOUT',
      'soon',
      /Wrong environment variable CHECKOUT_TIMEOUT: "soon" is not a number above 0 and up to 86400\.$/,
    ],
    ['NODE_ENV', 'Production', /Wrong environment variable NODE_ENV: must be development, test or production\.$/],
    ['MODULES', 'orders,bakery', /MODULES names bakery/],
    ['MODULES', 'users', /Module users calls auth and orders and payments/],
    ['MODULES', 'payments', /No module here issues access tokens.* AUTH_URL, or set JWKS_URL/],
    [
      'HOST',
      'no-such-host.invalid',
      /HOST: (there is no address|no name server answers) for (the name )?no-such-host\.invalid/,
    ],
    ['HOST', '203.0.113.7', /This machine has no address 203\.0\.113\.7\. Choose another with HOST\.$/],
    ['SEED', 'bakery', /SEED: names a catalogue that does not exist; there are demo, none\.$/],
    ['CORS_ORIGINS', '*', /CORS_ORIGINS: "\*" is no origin; give scheme, host and port only/],
    ['ADMIN_PASSWORD', 'short', /ADMIN_PASSWORD/],
    [
      'DATABASE_URL',
      'postgresql://nobody@nowhere.invalid/nothing',
      /DATABASE_URL: cannot reach PostgreSQL at nowhere\.invalid:5432/,
    ],
    ['ORDERS_DATABASE_URL', 'postgresql://nobody@nowhere.invalid/nothing', /ORDERS_DATABASE_URL: cannot reach/],
  ])('%s=%s', async (name, value, said) => {
    const { url, drop } = await freshDatabaseUrl();
    closers.push(drop);
    const { code, output } = await refused({ PORT: String(await freePort()), DATABASE_URL: url, [name]: value });
    expect(output.split('\n').at(-1)).toMatch(oneLine);
    expect(output).toMatch(said);
    expect(output).not.toMatch(/^ +at /m);
    expect(code).toBe(1);
  });

  it.each([
    [
      'an address of a module elsewhere',
      { MODULES: 'orders', PAYMENTS_URL: '127.0.0.1:5040' },
      'PAYMENTS_URL',
      'payments reacts to orders.order-cancelled',
    ],
    [
      'a port for other processes',
      { MODULES: 'auth,orders,payments', GRPC_PORT: '5010' },
      'GRPC_PORT',
      'users reacts to auth.user-registered',
    ],
    [
      'an address for the gateway',
      { MODULES: 'gateway,payments', ORDERS_HTTP_URL: 'http://127.0.0.1:3030' },
      'ORDERS_HTTP_URL',
      'payments reacts to orders.order-cancelled',
    ],
  ])('a part of a split without a broker, told by %s', async (_, settings, variable, crossing) => {
    const { url, drop } = await freshDatabaseUrl();
    closers.push(drop);
    const { code, output } = await refused({
      PORT: String(await freePort()),
      DATABASE_URL: url,
      PEER_TLS: 'off',
      ...settings,
    });
    expect(output.split('\n').at(-1)).toMatch(oneLine);
    expect(output).toContain(`(${variable})`);
    expect(output).toContain(crossing);
    expect(output).toContain('Set EVENTS_URL');
    expect(code).toBe(1);
  });

  it.each([
    [
      { PORT: 'eighty', CHECKOUT_TIMEOUT: 'soon', SEED: 'bakery' },
      [/PORT: "eighty"/, /CHECKOUT_TIMEOUT: "soon"/, /SEED: names/],
    ],
    [{ ADMIN_PASSWORD: 'short', MODULES: 'auth,gateway' }, [/ADMIN_PASSWORD: is shorter/, /ORDERS_HTTP_URL/]],
    [
      { MODULES: 'users', PASSWORD_MIN_LENGTH: '3' },
      [/Module users calls auth/, /No module here issues access tokens/],
    ],
    [
      { MODULES: 'orders,gateway', SEED: 'bakery' },
      [/SEED: names/, /Module orders calls payments/, /AUTH_HTTP_URL, PAYMENTS_HTTP_URL, USERS_HTTP_URL/],
    ],
  ])('all mistakes at once, before a database is created: %j', async (wrong, mistakes) => {
    const DATA_DIR = await newFolder();
    const { code, output } = await refused({ PORT: String(await freePort()), DATA_DIR, ...wrong } as Record<
      string,
      string
    >);
    expect(output).toMatch(oneLine);
    for (const mistake of mistakes) expect(output).toMatch(mistake);
    expect(code).toBe(1);
    expect(readdirSync(DATA_DIR)).toEqual([]);
  });

  it('a topology that does not exist', async () => {
    const { code, output } = await refused({ PORT: String(await freePort()) }, ['topology', 'topologies/galaxy.yaml']);
    expect(output).toMatch(oneLine);
    expect(output).toContain('galaxy.yaml');
    expect(code).toBe(1);
  });

  it('a data folder that is read-only', async () => {
    const DATA_DIR = await newFolder();
    const readOnly = spawnSync(
      'unshare',
      ['--mount', 'sh', '-c', `mount -t tmpfs -o ro tmpfs ${DATA_DIR} && exec ${process.execPath} src/start.js`],
      {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, NODE_ENV: 'test', DATA_DIR, PORT: String(await freePort()) },
      },
    );
    if (/unshare failed|permission denied/i.test(readOnly.stderr) && !process.env.REQUIRE_SERVICES) return;
    expect(readOnly.stderr.trim().split('\n').at(-1)).toMatch(
      /^Fissile did not start: .* cannot be written: the file system is read-only\. Choose another folder with DATA_DIR/,
    );
    expect(readOnly.status).toBe(1);
  });

  it.runIf(process.getuid?.() === 0)('a user without a name, as containers may give one', async () => {
    const DATA_DIR = await newFolder();
    chmodSync(DATA_DIR, 0o777);
    const nameless = spawnSync(process.execPath, ['src/start.js'], {
      encoding: 'utf8',
      uid: 54_321,
      gid: 54_321,
      env: { PATH: process.env.PATH, NODE_ENV: 'test', DATA_DIR, PORT: String(await freePort()) },
    });
    expect(nameless.stderr.trim().split('\n').at(-1)).toMatch(oneLine);
    expect(nameless.status).toBe(1);
  });

  it('arguments that make no sense, with a code of their own', async () => {
    const { code, output } = await refused({}, ['dance']);
    expect(output).toBe("Unknown command 'dance'. Try --help.");
    expect(code).toBe(2);
    expect(await refused({}, ['serve', '--json'])).toEqual({ code: 2, output: "Unknown option '--json'. Try --help." });
  });
});

describe('the command line', () => {
  it('explains itself', async () => {
    const { code, output } = await refused({}, ['migrate', '--help']);
    expect(output).toMatch(/^Usage: npm start -- migrate \[--topology FILE\] \[--json\]\n/);
    expect(code).toBe(0);
  });

  it('says what it is, to a script too', async () => {
    const { output } = await refused({}, ['--version', '--json']);
    expect(JSON.parse(output)).toMatchObject({
      version: '0.1.0',
      node: process.versions.node,
      postgresql: expect.stringMatching(/^\d+\.\d+$/),
    });
  });

  it('lists every setting with what it says and what holds without it, to a script too', async () => {
    const all = JSON.parse((await refused({}, ['settings', '--json'])).output) as Record<
      string,
      { description?: string }
    >;
    expect(all).toMatchObject({
      PORT: { default: 3000 },
      SHUTDOWN_TIMEOUT: { default: 10 },
      PASSWORD_MIN_LENGTH: { default: 15 },
    });
    for (const [variable, { description }] of Object.entries(all)) expect(description, variable).toBeTruthy();
    const { code, output } = await refused({}, ['settings']);
    expect(output).toMatch(/^ +PORT +3000 +the port it listens on$/m);
    for (const variable of Object.keys(all)) expect(output).toContain(`  ${variable} `);
    expect(code).toBe(0);
  });

  it('migrates without starting', async () => {
    const { url, drop } = await freshDatabaseUrl();
    closers.push(drop);
    const first = await refused({ DATABASE_URL: url }, ['migrate']);
    expect(first.code).toBe(0);
    expect(first.output).toMatch(/orders: applied platform\/0001_first_tables, .*20261122000001_orders/);
    const second = await refused({ DATABASE_URL: url }, ['migrate']);
    expect(second.output).toMatch(/orders: up to date/);
  });

  it('lists, shows and replays what could not be delivered', async () => {
    const { url, drop } = await freshDatabaseUrl();
    closers.push(drop);
    const program = watched(await start({ DATABASE_URL: url }));
    const client = await connect(new URL(url).pathname.slice(1));
    closers.push(() => client.end());
    const userId = '01980000-0000-7000-8000-000000000001';
    const eventId = '01980000-0000-7000-8000-000000000002';
    // As an operator finds it after the profile could not be stored eight times.
    await client.query(
      `INSERT INTO users.inbox (subscription, event_id, key, position, state, attempts, error, event)
       VALUES ('users.create-profile', $1, $2, 1, 'dead', 8, 'Error: the disk was full', $3)`,
      [
        eventId,
        userId,
        {
          id: eventId,
          name: 'auth.user-registered',
          version: 1,
          key: userId,
          position: 1,
          payload: { userId, email: 'ada@example.com', name: 'Ada', registeredAt: '2026-01-01T00:00:00.000Z' },
          headers: {},
          occurredAt: '2026-01-01T00:00:00.000Z',
        },
      ],
    );
    const events = (...args: string[]) => refused({ DATABASE_URL: url }, ['events', ...args]);
    expect((await events('list')).output).toMatch(
      /^users\.create-profile 01980000-\S+ .* 8 tries {2}Error: the disk was full$/,
    );
    expect(JSON.parse((await events('list', '--json')).output)).toMatchObject([
      { subscription: 'users.create-profile', eventId, attempts: 8 },
    ]);
    expect((await events('show', 'users.create-profile', eventId)).output).toContain('"Ada"');
    expect((await events('show', 'users.create-profile', userId)).code).toBe(1);
    expect((await events('replay', 'users.create-profile', eventId)).code).toBe(0);
    await expect
      .poll(async () => (await client.query('SELECT name FROM users.profiles WHERE user_id = $1', [userId])).rows)
      .toEqual([{ name: 'Ada' }]);
    expect((await events('list')).output).toBe('No delivery was given up.');
    await program.stop();
  });
});
