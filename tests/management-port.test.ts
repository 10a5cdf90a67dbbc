/** `MANAGEMENT_PORT`: probes and scrapes at a port of their own, as an operator meets it. */
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort, launch, temporaryFolder } from './support/running-program.ts';

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
