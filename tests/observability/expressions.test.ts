/**
 * Every expression of the dashboards and the alerts, run by a real Prometheus against topologies/split.yaml under load,
 * scraped as deploy/observability/prometheus-split.yml says.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { alerts } from '../../build/observability/alerts.ts';
import { objectives, recorded, windows } from '../../build/observability/objectives.ts';
import { customer, eventually, type Visitor } from '../acceptance/client.ts';
import { virtualHost, withoutBroker } from '../support/broker.ts';
import { type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { withoutPrometheus } from '../support/promtool.ts';
import { repeat } from '../support/repeat.ts';
import { freePorts, temporaryFolder } from '../support/running-program.ts';
import { startTopology } from '../support/topologies.ts';

const root = join(import.meta.dirname, '../..');
const missing = withoutPrometheus ?? (await withoutBroker());

const board = z.object({
  templating: z.object({ list: z.array(z.object({ query: z.unknown() })) }),
  panels: z.array(z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).optional() })),
});
const folder = join(root, 'deploy/observability/dashboards');
/** As Grafana sends them, with all processes and modules chosen. */
const chosen = (expression: string) =>
  expression.replaceAll('$__rate_interval', '30s').replaceAll(/\$(process|module)\b/g, '.*');
const panels = readdirSync(folder).flatMap((file) => {
  const { panels: all } = board.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  return all.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => [`${file.replace('.json', '')}: ${title}`, chosen(expr)] as const),
  );
});
/** The left sides of alerts, and the recorded ratios: both have values while all is well. */
const watched = [
  ...alerts.map(({ name, value }) => [name, value] as const),
  ...objectives.flatMap((each) => windows.map((window) => [`${each.name} ${window}`, recorded(each, window)] as const)),
];
/** Told to people on call: these find nothing while all is well. */
const pages = join(root, 'docs/runbooks');
const inRunbooks = readdirSync(pages).flatMap((page) =>
  [...readFileSync(join(pages, page), 'utf8').matchAll(/promtool query instant \S+ (?:\\\n +)?'([^']+)'/g)].map(
    ([, expression]) => [page, expression!] as const,
  ),
);

interface Names {
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
  /** `label="value"`, where it is compared for equality. */
  readonly values: readonly (readonly [label: string, value: string])[];
}
function namesIn(expression: string): Names {
  const matchers = [...expression.matchAll(/([a-z_]\w*)(=~|!~|!=|=)"([^"]*)"/g)];
  const groupings = [...expression.matchAll(/\b(?:by|on|without) \(([^)]*)\)/g)].flatMap(([, list]) =>
    list!.split(', '),
  );
  const rest = expression.replaceAll(/\{[^}]*\}|\[[^\]]*\]|\b(?:by|on|without) \([^)]*\)|"[^"]*"/g, ' ');
  return {
    metrics: [...rest.matchAll(/(?<![\w.])[a-z_A-Z][\w:]*(?!\w*\s*\()/g)]
      .map(([name]) => name)
      .filter((name) => !['or', 'and', 'unless', 'by'].includes(name) && !rest.includes(`${name}(`)),
    labels: [...matchers.map(([, label]) => label!), ...groupings],
    values: matchers.flatMap(([, label, operator, value]) =>
      (operator === '=' || operator === '!=') && value !== '' ? [[label!, value!] as const] : [],
    ),
  };
}

it('finds the names in an expression', () => {
  const expression =
    'histogram_quantile(0.9, sum by (le, a_b) (rate(x_bucket{c="d",e=~"f.+"}[5m]))) > 2 * y or fissile:z:rate5m';
  expect(namesIn(expression)).toEqual({
    metrics: ['x_bucket', 'y', 'fissile:z:rate5m'],
    labels: ['c', 'e', 'le', 'a_b'],
    values: [['c', 'd']],
  });
});

describe.skipIf(missing)(`a full split under load${missing ? ` (${missing})` : ''}`, () => {
  const closers: (() => unknown)[] = [];
  let prometheus: Prometheus;
  /** Asked for once all has data. */
  let known: { readonly metrics: Set<string>; readonly labels: Set<string> } | undefined;

  beforeAll(async () => {
    const home = await temporaryFolder('fissile-observed-');
    closers.push(home.remove);
    const broker = await virtualHost();
    closers.push(broker.remove);
    const port = await freePorts(100);
    const moved = (text: string) =>
      text
        .replaceAll(/\bport: 30(\d\d)/g, (_, rest) => `port: ${port + Number(rest)}`)
        .replaceAll(/\bgrpcPort: 50(\d\d)/g, (_, rest) => `grpcPort: ${port + 50 + Number(rest)}`);
    const file = join(home.path, 'split.yaml');
    writeFileSync(file, moved(readFileSync(join(root, 'topologies/split.yaml'), 'utf8')));
    const data = join(home.path, 'data');
    const program = await startTopology(file, {
      DATA_DIR: data,
      EVENTS_URL: broker.url,
      SEED: 'demo',
      // Traces are made, and nobody takes them: they are counted as lost.
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      OTEL_BSP_SCHEDULE_DELAY: '200',
    });
    closers.push(() => program.stop());
    prometheus = await startPrometheus('prometheus-split.yml', [
      ['../../data', data],
      ...Array.from({ length: 50 }, (_, n) => [`127.0.0.1:${3000 + n}]`, `127.0.0.1:${port + n}]`] as const),
    ]);
    closers.push(() => prometheus.stop());

    // An event that nobody can read, for there to be a delivery that fails.
    const unreadable = `INSERT INTO outbox (id, name, version, key, payload, headers, occurred_at, owner)
      VALUES (gen_random_uuid(), 'auth.user-registered', 1, 'k', '{}', '{"traceparent": "", "requestId": "r"}', now(), 0);`;
    const sql = spawnSync(process.execPath, ['src/start.js', 'sql', 'auth', '--topology', file], {
      cwd: root,
      env: { PATH: process.env.PATH, DATA_DIR: data, EVENTS_URL: broker.url },
      input: unreadable,
      encoding: 'utf8',
    });
    if (sql.status !== 0) throw new Error(sql.stderr);

    // First a round, so that all series are there whose growth is asked for; then load, until Prometheus has seen it.
    await buyAndFail(program.url);
    await delay(2_500);
    const customers = [1, 2].map(() => repeat(() => buyAndFail(program.url)));
    closers.push(() => Promise.all(customers.map((each) => each.stop())));
    await eventually(
      () => prometheus.query('sum(rate(orders_paid_total[30s])) > 0'),
      ({ length }) => length > 0,
    );
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  async function namesKnown() {
    const names = async (path: string) => z.array(z.string()).parse(await prometheus.ask(path));
    const described = z.record(z.string(), z.unknown()).parse(await prometheus.ask('metadata'));
    return {
      metrics: new Set([
        ...(await names('label/__name__/values')),
        // Also those that count failures of which there was none. OpenMetrics says their names without the ending.
        ...Object.keys(described).flatMap((name) =>
          ['', '_total', '_bucket', '_sum', '_count'].map((ending) => name + ending),
        ),
        'ALERTS',
      ]),
      labels: new Set([...(await names('labels')), 'alertstate', 'alertname']),
    };
  }

  it.each([...panels, ...watched])('%s has data', async (_, expression) => {
    const figures = async () => (await prometheus.query(expression)).filter(({ value }) => !Number.isNaN(value)).length;
    await expect.poll(figures, { timeout: 20_000, message: expression }).toBeGreaterThan(0);
  });

  it.each([...panels, ...watched, ...inRunbooks])('%s names what exists', async (_, expression) => {
    // A syntax error would be found here too.
    await prometheus.query(expression);
    const { metrics, labels, values } = namesIn(expression);
    known ??= await namesKnown();
    const { metrics: made, labels: used } = known;
    expect(metrics.length).toBeGreaterThan(0);
    expect(metrics.filter((name) => !made.has(name))).toEqual([]);
    expect(labels.filter((name) => !used.has(name))).toEqual([]);
    for (const [label, value] of values)
      if (label !== 'alertstate')
        expect(await prometheus.ask(`label/${label}/values`), label).toEqual(expect.arrayContaining([value]));
  });

  it('fires no alert while all is well', async () => {
    expect(await prometheus.query('ALERTS{alertstate="firing"}')).toEqual([]);
  });
});

/** One customer, who meets what there is to meet: an order paid, one refused, one cancelled again, and mistakes. */
async function buyAndFail(url: string): Promise<void> {
  const ada: Visitor = await customer(url);
  const order = (paymentToken: string) => ({ items: [{ sku: 'coffee-beans', quantity: 1 }], paymentToken });
  const key = { prefer: 'wait=20', 'idempotency-key': crypto.randomUUID() };
  const { body } = await ada.post('/v1/orders', order('tok_visa'), key);
  await ada.post('/v1/orders', order('tok_declined'), key);
  await ada.post('/v1/orders', order('tok_declined'), { prefer: 'wait=20' });
  await ada.post('/v1/orders', order('tok_flaky'), { prefer: 'wait=20' });
  await ada.post(`/v1/orders/${body.id}/cancel`);
  await ada.get(`/v1/orders/${crypto.randomUUID()}`);
  await ada.get('/v1/orders');
  await ada.get('/v1/products');
  await ada.get('/v1/users/me');
}
