/** `MANAGEMENT_PORT`: probes and scrapes at a port of their own, as an operator meets it. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort, launch, temporaryFolder } from './support/running-program.ts';
import { startTopology } from './support/topologies.ts';

/** Started with both ports on free ones; `settings` come on top. */
async function launched(settings: Record<string, string>) {
  const { path: DATA_DIR, remove } = await temporaryFolder();
  const MANAGEMENT_PORT = String(await freePort());
  const program = launch({ DATA_DIR, PORT: String(await freePort()), MANAGEMENT_PORT, LOG_LEVEL: 'warn', ...settings });
  onTestFinished(async () => {
    await program.stop('SIGKILL');
    await remove();
  });
  return { program, DATA_DIR, publicUrl: program.url, management: `http://127.0.0.1:${MANAGEMENT_PORT}` };
}

const status = (url: string): Promise<number | 'refused'> =>
  fetch(url, { headers: { connection: 'close' } }).then(
    async (answer) => {
      await answer.body?.cancel();
      return answer.status;
    },
    () => 'refused',
  );

const paths = ['/livez', '/readyz', '/metrics', '/v1/products', '/docs'];
const statuses = (url: string) => Promise.all(paths.map((path) => status(`${url}${path}`)));
const isReady = async (url: string) => {
  await expect.poll(() => status(`${url}/readyz`), { timeout: 240_000 }).toBe(200);
};

describe('with a management port', () => {
  it('/metrics and /readyz are there alone, and stay there while the program drains', async () => {
    const { program, publicUrl, management } = await launched({ SHUTDOWN_DELAY: '3' });
    await isReady(management);
    expect(await statuses(publicUrl)).toEqual([200, 404, 404, 200, 200]);
    expect(await statuses(management)).toEqual([200, 200, 200, 404, 404]);

    const exited = program.stop();
    await expect.poll(() => status(`${management}/readyz`)).toBe(503);
    expect(await status(`${publicUrl}/v1/products`), 'the public port goes on').toBe(200);
    for (let open: unknown = 200; open === 200;) {
      const before = await status(`${management}/readyz`);
      open = await status(`${publicUrl}/livez`);
      if (open === 200) expect(before, 'as long as the public port is open').toBe(503);
    }
    expect(await exited).toBe(0);
    expect(await status(`${management}/readyz`)).toBe('refused');
  });

  it('the level of the log is changed for a while, of one module or all, and goes back by itself', async () => {
    const { publicUrl, management } = await launched({});
    await isReady(management);
    const asked = async (query: string) => {
      const answer = await fetch(`${management}/log-level${query}`, { method: query === '' ? 'GET' : 'PUT' });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const changed = await asked('?level=debug&module=orders');
    expect(changed).toMatchObject({ status: 200, body: { level: 'debug', module: 'orders' } });
    const minutes = (Date.parse(changed.body.until as string) - Date.now()) / 60_000;
    expect(minutes).toBeGreaterThan(5);
    expect(minutes).toBeLessThanOrEqual(10);
    expect((await asked('?level=info&seconds=1')).status).toBe(200);
    expect((await asked('')).body).toMatchObject({ level: 'warn', changes: { orders: { level: 'debug' } } });
    await expect.poll(async () => Object.keys((await asked('')).body.changes as object)).toEqual(['orders']);
    for (const wrong of ['?level=loud', '?level=debug&module=nobody', '?level=debug&seconds=0', '?level=debug&more=1'])
      expect((await asked(wrong)).status, wrong).toBe(400);
    expect(await status(`${publicUrl}/log-level`), 'the public port knows nothing of it').toBe(404);
  });

  it('a command changes the level of the log of a running process, and says what it cannot do', async () => {
    const { program, management, DATA_DIR } = await launched({});
    await isReady(management);
    const MANAGEMENT_PORT = new URL(management).port;
    const run = async (given: readonly string[], environment: Record<string, string>) => {
      const asking = launch({ DATA_DIR, ...environment }, ['log-level', ...given]);
      return { code: await asking.exited, output: asking.output() };
    };
    const command = (...given: string[]) => run(given, { MANAGEMENT_PORT });
    expect(await command('info', 'all', '60')).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^The level of all is info until \d{4}-/),
    });
    await status(`${program.url}/v1/products`);
    await expect.poll(() => program.output()).toContain('GET /v1/products 200');
    expect(await command('loud')).toMatchObject({ code: 1, output: expect.stringContaining('level: ') });
    expect(await run(['debug'], {})).toMatchObject({
      code: 1,
      output: expect.stringContaining('Set MANAGEMENT_PORT'),
    });
  });

  it('a command changes the level of all processes of a topology that run the module, or says which cannot be asked', async () => {
    const folder = await temporaryFolder();
    onTestFinished(() => folder.remove());
    const file = join(folder.path, 'together.yaml');
    const [port, managementPort] = [await freePort(), await freePort()];
    const modules = ['gateway', ...readdirSync(join(import.meta.dirname, '../modules')).sort()].join(', ');
    const write = (more: string) =>
      writeFileSync(file, `events: memory\nprocesses: { all: { modules: [${modules}], port: ${port}${more} } }\n`);
    write(`, managementPort: ${managementPort}`);
    const topology = await startTopology(file, { DATA_DIR: join(folder.path, 'data') });
    onTestFinished(() => topology.stop().then(() => {}));
    const run = async (...given: string[]) => {
      const asking = launch({ DATA_DIR: folder.path }, ['log-level', ...given, '--topology', file]);
      return { code: await asking.exited, output: asking.output() };
    };
    expect(await run('debug', 'orders')).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^all: The level of orders is debug until \d{4}-/),
    });
    const { changes } = (await (await fetch(`http://127.0.0.1:${managementPort}/log-level`)).json()) as {
      changes: object;
    };
    expect(changes).toMatchObject({ orders: { level: 'debug' } });
    write('');
    expect(await run('debug', 'orders')).toMatchObject({
      code: 1,
      output: expect.stringContaining('all must have a managementPort'),
    });
  });

  it('that is taken, one line says so before anything is created', async () => {
    const port = await freePort();
    const other = createServer().listen(port, '127.0.0.1');
    onTestFinished(() => void other.close());
    const { program, DATA_DIR } = await launched({ MANAGEMENT_PORT: String(port) });
    expect(await program.exited).toBe(1);
    expect(program.output().trim()).toBe(
      `Fissile did not start: Port ${port} on 127.0.0.1 is taken. Stop what uses it, or choose another with MANAGEMENT_PORT.`,
    );
    expect(existsSync(join(DATA_DIR, 'postgres'))).toBe(false);
  });
});
