/** Checks the metrics with Prometheus's own tool. */
import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, it } from 'vitest';
import { virtualHost, withoutBroker } from './support/broker.ts';
import { startTestProgram, type TestProgram } from './support/program.ts';
import { freePorts } from './support/running-program.ts';

const installed = spawnSync('promtool', ['--version']).status === 0;
const need = 'needs promtool on the path';
if (!installed && process.env.REQUIRE_SERVICES === '1') throw new Error(`A test ${need}`);
const noBroker = await withoutBroker();
const closers: (() => Promise<unknown>)[] = [];

async function judgementOf({ url }: TestProgram): Promise<{ status: number | null; said: string }> {
  const scraped = await fetch(`${url}/metrics`).then((answer) => answer.text());
  expect(scraped).toContain('http_request_duration_seconds_bucket{');
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: scraped, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

async function started(options: Parameters<typeof startTestProgram>[0]): Promise<TestProgram> {
  const program = await startTestProgram(options);
  closers.push(() => program.stop());
  await fetch(`${program.url}/readyz`);
  return program;
}

describe.skipIf(!installed)(`promtool finds nothing wrong with the metrics${installed ? '' : ` (${need})`}`, () => {
  const clean = { status: 0, said: '' };
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  it('of the whole program', async () => {
    expect(await judgementOf(await started({}))).toEqual(clean);
  });

  it.skipIf(noBroker !== undefined)(
    `of processes that call each other and share a broker${noBroker ? ` (${noBroker})` : ''}`,
    async () => {
      const broker = await virtualHost();
      closers.push(broker.remove);
      const port = await freePorts(2);
      const apart = {
        PEER_TLS: 'off',
        EVENTS_URL: broker.url,
        PAYMENTS_URL: `127.0.0.1:${port}`,
        ORDERS_URL: `127.0.0.1:${port + 1}`,
      };
      const payments = await started({ modules: ['payments'], environment: { ...apart, GRPC_PORT: String(port) } });
      const orders = await started({ modules: ['orders'], environment: { ...apart, GRPC_PORT: String(port + 1) } });
      expect(await judgementOf(payments)).toEqual(clean);
      expect(await judgementOf(orders)).toEqual(clean);
    },
  );
});
