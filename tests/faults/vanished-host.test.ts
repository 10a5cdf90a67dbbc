/** A host that vanishes takes no leave: nobody closes its connections, and it was in the middle of a sale. */
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admin, customer, product, type Reply, type Visitor } from '../acceptance/client.ts';
import { anotherHost, whyNoOtherHost, type AnotherHost } from '../support/another-host.ts';
import { startTestServer } from '../support/postgres-server.ts';
import { administrator, start, type RunningProgram } from '../support/running-program.ts';

const missing = whyNoOtherHost();
const seconds = 1_000;

describe.skipIf(missing)(`a host that vanishes${missing === undefined ? '' : ` (${missing})`}`, () => {
  const closers: (() => unknown)[] = [];
  let host: AnotherHost;
  let server: { url: string; stop(): Promise<void> };
  let program: RunningProgram;
  let buyer: Visitor;
  let sku: string;

  beforeAll(async () => {
    host = anotherHost();
    closers.push(host.remove);
    server = await startTestServer(host.address);
    closers.push(server.stop);
    program = await start({
      DATABASE_URL: `${server.url}/postgres`,
      DATABASE_POOL_SIZE: '4',
      RATE_LIMIT_PER_MINUTE: '0',
    });
    closers.push(() => program.stop());
    ({ sku } = await product({ stock: 1_000_000 }, await admin(program.url, administrator)));
    buyer = await customer(program.url);
  });
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function vanishInTheMiddleOfASale(): Promise<void> {
    const url = new URL(`${server.url}/postgres`);
    url.hostname = host.address;
    const copy = host.run(process.execPath, [join(import.meta.dirname, 'busy-copy.ts')], {
      DATABASE_URL: url.href,
      SKU: sku,
      NODE_NO_WARNINGS: '1',
    });
    await once(copy.stdout!, 'data');
    host.vanish();
    copy.kill('SIGKILL');
    await once(copy, 'exit');
  }

  async function order(): Promise<Reply & { took: number }> {
    const asked = performance.now();
    const reply = await buyer.post('/v1/orders', { items: [{ sku, quantity: 1 }], paymentToken: 'tok_visa' });
    return { ...reply, took: performance.now() - asked };
  }

  it('keeps nobody waiting for more than 5 seconds, and all is well within 30', async () => {
    expect((await order()).status).toBe(201);
    await vanishInTheMiddleOfASale();
    const vanished = performance.now();
    const replies: (Reply & { took: number })[] = [];
    const buy = async () => {
      for (;;) {
        const reply = await order();
        replies.push(reply);
        if (reply.status === 201) return performance.now() - vanished;
        await delay(100);
      }
    };
    // More than there are connections: some wait for a lock, the others for one of those.
    const healedAfter = Math.max(...(await Promise.all(Array.from({ length: 8 }, buy))));

    const refused = replies.filter(({ status }) => status !== 201);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.filter(({ status, headers }) => status !== 503 || Number(headers.get('retry-after')) < 1)).toEqual(
      [],
    );
    expect(Math.max(...replies.map(({ took }) => took))).toBeLessThan(5 * seconds);
    expect(healedAfter).toBeLessThan(30 * seconds);
  });

  it('has no connection left after 30 seconds', async () => {
    const client = new pg.Client({ connectionString: `${server.url}/postgres` });
    await client.connect();
    closers.push(() => client.end());
    const left = async () =>
      (await client.query('SELECT FROM pg_stat_activity WHERE client_addr = $1', [host.itsAddress])).rowCount;
    await expect.poll(left, { timeout: 30 * seconds, interval: 200 }).toBe(0);
  });
});
