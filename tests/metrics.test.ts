/** The metrics of real processes: what Prometheus's own tools think of them, and whether docs/metrics.md lists them. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { customer } from './acceptance/client.ts';
import { virtualHost, withoutBroker } from './support/broker.ts';
import { startTestProgram, type TestProgram } from './support/program.ts';
import { type Prometheus, startPrometheus } from './support/prometheus.ts';
import { withoutPrometheus as noPrometheus } from './support/promtool.ts';
import { freePorts } from './support/running-program.ts';

const noBroker = await withoutBroker();
const because = (...reasons: readonly (string | undefined)[]) => {
  const reason = reasons.find((each) => each !== undefined);
  return reason === undefined ? '' : ` (${reason})`;
};

const closers: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

async function started(options: Parameters<typeof startTestProgram>[0]): Promise<TestProgram> {
  const program = await startTestProgram(options);
  closers.push(() => program.stop());
  await fetch(`${program.url}/readyz`);
  return program;
}

const scrape = async ({ url }: TestProgram, headers: Record<string, string> = {}) =>
  (await fetch(`${url}/metrics`, { headers })).text();
const namesIn = (text: string) => text.split('\n').flatMap((line) => /^# TYPE (\S+)/.exec(line)?.slice(1) ?? []);

/** Nobody is there: what is recorded is lost, and all that matters here is that it is recorded. */
const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_BSP_SCHEDULE_DELAY: '100' };

let whole: TestProgram;
let order: { traceId: string; total: number };
beforeAll(async () => {
  whole = await started({ environment: { SEED: 'demo', ...traced } });
  const ada = await customer(whole.url);
  const { status, headers, body } = await ada.post(
    '/v1/orders',
    { items: [{ sku: 'mug-blue', quantity: 1 }], paymentToken: 'tok_visa' },
    { prefer: 'wait=20' },
  );
  if (body.status !== 'paid') throw new Error(`Ordering answered ${status}: ${JSON.stringify(body)}`);
  order = { traceId: headers.get('traceparent')!.split('-')[1]!, total: body.total.amount };
});

/** Processes of a split, which call each other and share a broker. */
async function split(): Promise<readonly TestProgram[]> {
  const broker = await virtualHost();
  closers.push(broker.remove);
  const port = await freePorts(2);
  const apart = {
    PEER_TLS: 'off',
    EVENTS_URL: broker.url,
    PAYMENTS_URL: `127.0.0.1:${port}`,
    ORDERS_URL: `127.0.0.1:${port + 1}`,
  };
  return [
    await started({ modules: ['payments'], environment: { ...apart, GRPC_PORT: String(port) } }),
    await started({ modules: ['orders'], environment: { ...apart, GRPC_PORT: String(port + 1) } }),
  ];
}

describe('the metrics of an order', () => {
  it('tell that it was placed and paid, and how much money was taken', async () => {
    const lines = (await scrape(whole)).split('\n');
    expect(lines).toEqual(
      expect.arrayContaining([
        'orders_placed_total 1',
        'orders_paid_total 1',
        `payments_captured_minor_units_total{currency="EUR"} ${order.total}`,
        'fissile_saga_duration_seconds_count{fissile_saga="orders.checkout",fissile_saga_outcome="completed"} 1',
        'fissile_calls_total{fissile_caller="orders",fissile_module="payments",fissile_operation="capture"} 1',
        'fissile_saga_step_duration_seconds_count{fissile_saga="orders.checkout",fissile_saga_step="capture",fissile_saga_direction="run"} 1',
        'db_client_operation_duration_seconds_count{db_client_connection_pool_name="orders",db_system_name="postgresql",db_operation_name="INSERT",db_collection_name="orders"} 1',
      ]),
    );
  });
});

describe.skipIf(noPrometheus)(`promtool finds nothing wrong with the metrics${because(noPrometheus)}`, () => {
  const judgementOf = (input: string) => {
    expect(input).toContain('http_server_request_duration_seconds_bucket{');
    const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };
  const clean = { status: 0, said: '' };

  it('of the whole program', async () => {
    expect(judgementOf(await scrape(whole))).toEqual(clean);
  });

  it.skipIf(noBroker)(
    `of the processes of a split, and docs/metrics.md lists these and those, and no others${because(noBroker)}`,
    async () => {
      const texts = await Promise.all((await split()).map((program) => scrape(program)));
      for (const text of texts) expect(judgementOf(text)).toEqual(clean);
      const page = readFileSync(join(import.meta.dirname, '../docs/metrics.md'), 'utf8');
      const listed = page.split('\n').flatMap((line) => /^\| (`[^|]+) \|/.exec(line)?.[1]?.match(/\w+/g) ?? []);
      const scraped = new Set([await scrape(whole), ...texts].flatMap(namesIn));
      expect(listed.toSorted()).toEqual([...scraped].toSorted());
    },
  );
});

describe.skipIf(noPrometheus)(`Prometheus${because(noPrometheus)}`, () => {
  let prometheus: Prometheus;
  beforeAll(async () => {
    prometheus = await startPrometheus('prometheus.yml', [['program:3000', `"${new URL(whole.url).host}"`]]);
    closers.push(() => prometheus.stop());
  });

  it.each([
    'http_server_request_duration_seconds_bucket{http_route="/v1/orders"}',
    'fissile_saga_duration_seconds_bucket',
    'fissile_saga_step_duration_seconds_bucket',
    'db_client_operation_duration_seconds_bucket{db_operation_name="INSERT",db_collection_name="orders"}',
  ])('leads from %s to the trace of the order', async (query) => {
    const found = async () => {
      const times = { start: String(Date.now() / 1_000 - 600), end: String(Date.now() / 1_000 + 60) };
      const data = (await prometheus.ask('query_exemplars', { query, ...times })) as {
        exemplars: { labels: Record<string, string> }[];
      }[];
      return data.flatMap(({ exemplars }) => exemplars).map(({ labels }) => labels.trace_id);
    };
    await expect.poll(found, { timeout: 60_000 }).toContain(order.traceId);
  });

  it('takes every series, counters with their names', async () => {
    const placed = await prometheus.query('orders_placed_total');
    expect(placed.map(({ value }) => value)).toEqual([1]);
  });
});

it('a client that asks for nothing gets no exemplars', async () => {
  expect(await scrape(whole)).not.toContain('trace_id');
  const accept = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
  const open = await fetch(`${whole.url}/metrics`, { headers: { accept } });
  expect(open.headers.get('content-type')).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
  expect(await open.text()).toMatch(/# \{trace_id="[0-9a-f]{32}",span_id="[0-9a-f]{16}"\}.*\n[^]*# EOF\n$/);
});
