/** `npm start -- --topology FILE`, as its users see it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isAlive, postmasterOf } from '../../src/host/postgres/postmaster-file.ts';
import { deleteUser, importDefinitions, virtualHost, withoutBroker } from '../support/broker.ts';
import { administrator, freePort, launch, temporaryFolder, type RunningProgram } from '../support/running-program.ts';
import { processesOf, startTopology, writeTopology } from '../support/topologies.ts';

const missing = await withoutBroker();
const modules = readdirSync(new URL('../../modules', import.meta.url)).sort();
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function newFolder(): Promise<string> {
  const { path, remove } = await temporaryFolder();
  closers.push(remove);
  return path;
}

/** Two processes behind the gateway. */
async function halves(): Promise<{ file: string; environment: Record<string, string>; firstPort: number }> {
  const folder = await newFolder();
  const broker = await virtualHost();
  closers.push(broker.remove);
  const file = join(folder, 'halves.yaml');
  const ports = await writeTopology(file, [
    { name: 'one', modules: modules.slice(0, 2), replicas: 2 },
    { name: 'other', modules: modules.slice(2) },
  ]);
  return {
    file,
    environment: { DATA_DIR: join(folder, 'data'), EVENTS_URL: broker.url },
    firstPort: ports.get('one')!.port,
  };
}

async function started(file: string, environment: Record<string, string>): Promise<RunningProgram> {
  const program = await startTopology(file, environment);
  closers.push(() => program.stop());
  return program;
}

/** Starts a topology that must end by itself, and returns what it says. */
async function refused(file: string, environment: Record<string, string> = {}) {
  const program = launch({ DATA_DIR: join(await newFolder(), 'data'), ...environment }, ['--topology', file]);
  closers.push(() => program.stop('SIGKILL'));
  return { code: await program.exited, output: program.output().trim() };
}

const postmasterIn = (dataDir: string) => postmasterOf(join(dataDir, 'postgres'));

describe.skipIf(missing)(`a topology of several processes${missing === undefined ? '' : ` (${missing})`}`, () => {
  it('is ready by what the management port of its gateway says, where it has one, and no other process takes that', async () => {
    const { file, environment } = await halves();
    const MANAGEMENT_PORT = String(await freePort());
    const program = await started(file, { ...environment, MANAGEMENT_PORT });
    const { url } = program;
    const readiness = await fetch(`http://127.0.0.1:${MANAGEMENT_PORT}/readyz`);
    const { details } = (await readiness.json()) as { details: Record<string, unknown> };
    expect(details).toMatchObject(
      Object.fromEntries(modules.map((name) => [`module ${name}`, expect.objectContaining({ breaker: 'closed' })])),
    );
    expect((await fetch(`${url}/readyz`)).status).toBe(404);
    expect((await fetch(`${url}/v1/products`)).status).toBe(200);
    const having = processesOf(program.process.pid!).filter(({ variables }) => variables.includes('MANAGEMENT_PORT'));
    expect(having.map((each) => each.modules)).toEqual(['gateway']);
  });

  it('runs with a user of the broker for each process, and what one announces the other hears', async () => {
    const { file, environment } = await halves();
    const folder = join(await newFolder(), 'broker');
    const made = launch(environment, ['broker', folder, '--topology', file]);
    expect(await made.exited, made.output()).toBe(0);
    await importDefinitions(join(folder, 'definitions.json'));
    const lines = readFileSync(join(folder, 'events.env'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)] as const);
    for (const [, url] of lines) closers.push(() => deleteUser(new URL(url).username));
    const program = await started(file, { ...environment, ...Object.fromEntries(lines) });
    const post = async (path: string, body: object, token = '') => {
      const headers = {
        'content-type': 'application/json',
        prefer: 'wait=20',
        ...(token && { authorization: `Bearer ${token}` }),
      };
      return (
        await fetch(`${program.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
      ).json() as Promise<Record<string, string>>;
    };
    const { accessToken } = await post('/v1/auth/login', administrator);
    const order = await post(
      '/v1/orders',
      { items: [{ sku: 'coffee-beans', quantity: 1 }], paymentToken: 'tok_visa' },
      accessToken,
    );
    expect(order).toMatchObject({ status: 'paid' });
    await post(`/v1/orders/${order.id}/cancel`, {}, accessToken);
    const refunds = async () => {
      const answer = await fetch(`${program.url}/v1/payments?orderId=${order.id}`, {
        headers: { authorization: `Bearer ${accessToken}` },
      });
      return ((await answer.json()) as { data: { refunds: object[] }[] }).data.flatMap((payment) => payment.refunds);
    };
    await expect.poll(refunds).toMatchObject([{ status: 'succeeded' }]);
    expect(program.output()).not.toContain('may publish the events of every module');
  });

  it("gives each process its own modules' secrets only", async () => {
    const { file, environment } = await halves();
    const secrets = { AUTH_KEY_SECRET: 'x'.repeat(32), STRIPE_API_KEY: 'sk_test_1', TLS_KEY: '' };
    const program = await started(file, { ...environment, ...secrets });
    const holders = (variable: string) => [
      ...new Set(
        processesOf(program.process.pid!)
          .filter(({ variables }) => variables.includes(variable))
          .map((each) => each.modules),
      ),
    ];
    expect(holders('AUTH_KEY_SECRET')).toEqual(['auth,orders']);
    expect(holders('ADMIN_PASSWORD')).toEqual(['auth,orders']);
    expect(holders('STRIPE_API_KEY')).toEqual(['payments,users']);
    expect(holders('PAYMENTS_DATABASE_URL')).toEqual(['payments,users']);
    expect(holders('TLS_KEY')).toEqual(['gateway']);
    expect(holders('DATABASE_URL')).toEqual([]);
  });

  it('starts on new data with replicas, tells the password once, and ends with nothing left', async () => {
    const { file, environment } = await halves();
    const program = await started(file, { ...environment, ADMIN_PASSWORD: '', LOG_LEVEL: 'info' });
    const output = program.output();
    expect(output).toMatch(/Fissile is ready after/);
    expect(output).toContain(`Docs     ${program.url}/docs`);
    const password = /^one-\d +Administrator: .* password (\S+) /m.exec(output)?.[1];
    const login = await fetch(`${program.url}/v1/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: administrator.email, password, newPassword: administrator.password }),
    });
    expect(login.status).toBe(200);
    expect(output.match(/catalogue is loaded/g), 'by one of the replicas').toHaveLength(1);
    const listing = launch({ DATA_DIR: environment.DATA_DIR! }, ['admin', 'list', '--topology', file]);
    expect({ code: await listing.exited, output: listing.output() }).toEqual({
      code: 0,
      output: expect.stringMatching(/^admin@example\.com {2}[^\n]+\n$/),
    });
    await expect.poll(() => program.output()).toMatch(/^\{"process":"gateway",.*"POST \/v1\/auth\/login 200"/m);

    const pids = processesOf(program.process.pid!).map(({ pid }) => pid);
    const postmaster = postmasterIn(environment.DATA_DIR!)!.pid;
    expect(pids).toHaveLength(4);
    expect(await program.stop('SIGINT')).toBe(0);
    expect([...pids, postmaster].filter(isAlive)).toEqual([]);
    expect(program.output()).toMatch(/Stopping: .*\nStopped\.\n$/s);
  });

  it("gives every process a certificate for what it runs, and no administrator's access to the data", async () => {
    const { file, environment } = await halves();
    const program = await started(file, environment);
    const folder = join(environment.DATA_DIR!, 'certificates');
    expect(readdirSync(folder).sort()).toEqual([
      'ca.key',
      'ca.pem',
      ...['gateway', 'one', 'other'].flatMap((name) => [`${name}.key`, `${name}.pem`]),
    ]);
    for (const { pid, modules: here } of processesOf(program.process.pid!)) {
      const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      const databases = variables
        .filter((line) => line.includes('DATABASE_URL='))
        .map((line) => line.split('_DATABASE_URL=')[0]!.toLowerCase());
      expect(databases.toSorted()).toEqual(here === 'gateway' ? [] : here.split(','));
      for (const module of databases)
        expect(variables.find((line) => line.startsWith(`${module.toUpperCase()}_DATABASE_URL`))).toContain(
          `//${module}:`,
        );
    }
  });

  it('ends with its supervisor, even when that is killed', async () => {
    const { file, environment } = await halves();
    const program = await started(file, environment);
    const pids = processesOf(program.process.pid!).map(({ pid }) => pid);
    await program.stop('SIGKILL');
    await expect.poll(() => pids.filter(isAlive)).toEqual([]);
    // PostgreSQL is left, for the next start to take over.
    const again = await started(file, environment);
    expect((await fetch(`${again.url}/readyz`)).status).toBe(200);
  });

  it('says in one line which port is taken, before anything is created', async () => {
    const { file, environment, firstPort } = await halves();
    const other = createServer().listen(firstPort + 1, '127.0.0.1');
    closers.push(async () => other.close());
    const { code, output } = await refused(file, environment);
    expect(output).toBe(
      `Fissile did not start: Port ${firstPort + 1}, the port of one, is taken. Stop what uses it, or choose another in the topology's file.`,
    );
    expect(code).toBe(1);
    expect(existsSync(environment.DATA_DIR!)).toBe(false);
  });

  it('says in one line that there is no broker', async () => {
    const { file } = await halves();
    const port = await freePort();
    const { code, output } = await refused(file, { EVENTS_URL: `amqp://127.0.0.1:${port}` });
    expect(output).toMatch(
      new RegExp(`^Fissile did not start: EVENTS_URL: no broker answers at 127\\.0\\.0\\.1:${port}, [^\\n]*$`),
    );
    expect(code).toBe(1);
  });

  it('judges the settings of all modules before anything is created', async () => {
    const { file, environment } = await halves();
    const { code, output } = await refused(file, { ...environment, CHECKOUT_TIMEOUT: 'soon', SEED: 'bakery' });
    expect(output.trim().split('\n').at(-1)).toMatch(
      /^Fissile did not start: Wrong environment variable [^\n]*SEED: [^\n]*CHECKOUT_TIMEOUT: /,
    );
    expect(code).toBe(1);
    expect(existsSync(join(environment.DATA_DIR!, 'postgres'))).toBe(false);
  });

  it('says in the words of the process what one of them refuses, and leaves nothing running', async () => {
    const { file, environment } = await halves();
    const { code, output } = await refused(file, { ...environment, ADMIN_PASSWORD: 'administrator-123' });
    expect(output.split('\n').filter((line) => line.startsWith('Fissile did not start:'))).toEqual([
      expect.stringMatching(/^Fissile did not start: (one|other)(-\d)?: ADMIN_PASSWORD: /),
    ]);
    expect(code).toBe(1);
    expect(postmasterIn(environment.DATA_DIR!)).toBeUndefined();
  });

  it('says in one line that the processes do not believe each other', async () => {
    const { file, environment } = await halves();
    const { code, output } = await refused(file, {
      ...environment,
      PEER_TLS_CA: '/nowhere/ca.pem',
      PEER_TLS_CERT: '/nowhere/a.pem',
      PEER_TLS_KEY: '/nowhere/a.key',
    });
    expect(output.split('\n').at(-1)).toMatch(/^Fissile did not start: [^\n]*PEER_TLS_/);
    expect(code).toBe(1);
  });
});

describe('a topology', () => {
  it('of one process needs nothing else', async () => {
    const port = String(await freePort());
    const environment = { DATA_DIR: join(await newFolder(), 'data'), PORT: port };
    const program = await started('topologies/monolith.yaml', environment);
    expect(program.url).toBe(`http://127.0.0.1:${port}`);
    expect(((await (await fetch(`${program.url}/v1/products`)).json()) as { data: unknown[] }).data).toHaveLength(12);
    expect(existsSync(join(environment.DATA_DIR, 'certificates'))).toBe(false);
    expect(await program.stop()).toBe(0);
  });

  it.each([
    [
      'that is not there',
      'topologies/nowhere.yaml',
      {},
      'Fissile did not start: --topology topologies/nowhere.yaml: there is no such file. Name a file such as topologies/split.yaml.',
    ],
    [
      'beside MODULES',
      'topologies/monolith.yaml',
      { MODULES: 'orders' },
      'Fissile did not start: MODULES and --topology both say which modules run. Leave one of them out.',
    ],
    [
      'with a wrong variable',
      'topologies/monolith.yaml',
      { LOG_LEVEL: 'loud' },
      /^Fissile did not start: Wrong environment variable LOG_LEVEL: [^\n]+$/,
    ],
  ])('%s is refused in one line', async (_, file, environment, said) => {
    const { code, output } = await refused(file, environment);
    if (said instanceof RegExp) expect(output).toMatch(said);
    else expect(output).toBe(said);
    expect(code).toBe(1);
  });

  it('is nothing that another command takes', async () => {
    const program = launch({}, ['settings', '--topology', 'topologies/monolith.yaml']);
    expect(await program.exited).toBe(2);
    expect(program.output()).toBe("Unknown option '--topology'. Try --help.\n");
  });
});

describe('certificates by hand', () => {
  const certs = async (...args: string[]) => {
    const program = launch({ DATA_DIR: await newFolder() }, ['certs', ...args]);
    expect(await program.exited).toBe(0);
    return program.output();
  };

  it('are one for each module and the gateway, and what to set is printed', async () => {
    const folder = join(await newFolder(), 'mine');
    const output = await certs(folder);
    expect(
      output
        .trim()
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['gateway', ...modules]);
    expect(output).toContain(
      `gateway: PEER_TLS_CA=${folder}/ca.pem PEER_TLS_CERT=${folder}/gateway.pem PEER_TLS_KEY=${folder}/gateway.key\n`,
    );
    expect(existsSync(join(folder, 'gateway.key'))).toBe(true);
  });

  it('are one for each process of a topology', async () => {
    const output = await certs(join(await newFolder(), 'mine'), '--topology', 'topologies/checkout-apart.yaml');
    expect(
      output
        .trim()
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['gateway', 'checkout', 'people']);
  });
});
