/** Traces as Jaeger shows them, of all modules in processes of their own. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { customer, somebody, Visitor } from './acceptance/client.ts';
import { virtualHost, withoutBroker } from './support/broker.ts';
import { brokers } from './support/brokers.ts';
import { type Jaeger, type JaegerSpan, startJaeger, withoutJaeger } from './support/jaeger.ts';
import { start, temporaryFolder } from './support/running-program.ts';
import { startTopology, writeTopology } from './support/topologies.ts';

const missing = withoutJaeger() ?? (await withoutBroker());
const modules = readdirSync(new URL('../modules', import.meta.url)).sort();

const traceOf = ({ headers }: { headers: Headers }) => headers.get('traceparent')!.split('-')[1]!;
const order = (as: Visitor, paymentToken: string) =>
  as.post('/v1/orders', { items: [{ sku: 'mug-blue', quantity: 1 }], paymentToken }, { prefer: 'wait=20' });

describe.skipIf(missing)(`Jaeger${missing === undefined ? '' : ` (${missing})`}`, () => {
  const closers: (() => Promise<unknown>)[] = [];
  let jaeger: Jaeger;
  let split: string;
  let together: string;
  let output: () => string;

  beforeAll(async () => {
    jaeger = await startJaeger();
    closers.push(() => jaeger.stop());
    const folder = await temporaryFolder('fissile-traces-');
    closers.push(folder.remove);
    const broker = await virtualHost();
    closers.push(broker.remove);
    const file = join(folder.path, 'apart.yaml');
    await writeTopology(
      file,
      modules.map((name) => ({ name, modules: [name] })),
    );
    const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.endpoint, OTEL_BSP_SCHEDULE_DELAY: '100', SEED: 'demo' };
    const topology = await startTopology(file, {
      ...traced,
      DATA_DIR: join(folder.path, 'apart'),
      EVENTS_URL: broker.url,
      LOG_LEVEL: 'info',
    });
    closers.push(() => topology.stop());
    const program = await start({ ...traced, DATA_DIR: join(folder.path, 'together') });
    closers.push(() => program.stop());
    [split, together, output] = [topology.url, program.url, topology.output];
  });
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  /** The spans of a trace, once it has all of these. */
  async function complete(traceId: string, ...names: string[]): Promise<readonly JaegerSpan[]> {
    await expect
      .poll(async () => (await jaeger.spansOf(traceId)).map(({ name }) => name), { interval: 200 })
      .toEqual(expect.arrayContaining(names));
    return jaeger.spansOf(traceId);
  }
  const untilPaid = ['POST /v1/orders', 'saga orders.checkout', 'publish orders.order-paid', 'orders.awaitCheckout'];

  it('shows a placed order as one trace through all processes that had a part in it', async () => {
    const ada = await customer(split);
    const ordered = await order(ada, 'tok_visa');
    expect(ordered.body.status).toBe('paid');
    const spans = await complete(traceOf(ordered), ...untilPaid);

    const services = new Set(spans.map(({ service }) => service));
    expect([...services].toSorted()).toEqual(['fissile-auth', 'fissile-gateway', 'fissile-orders', 'fissile-payments']);
    expect(
      spans.filter(({ parent }) => parent === undefined).map(({ name, service }) => `${name} (${service})`),
    ).toEqual(['POST /v1/orders (fissile-gateway)']);
    const known = new Map(spans.map((span) => [span.id, span]));
    expect(spans.filter(({ parent }) => parent !== undefined && !known.has(parent))).toEqual([]);
    for (const span of spans.filter(({ tags }) => tags['span.kind'] === 'server')) {
      const caller = span.parent === undefined ? undefined : known.get(span.parent)!;
      if (caller) expect([caller.tags['span.kind'], caller.service === span.service]).toEqual(['client', false]);
    }
    const told = JSON.stringify(spans);
    for (const secret of [
      ada.person.email,
      ada.person.password,
      ada.person.name,
      ada.accessToken!,
      'tok_visa',
      ada.userId,
    ])
      expect(told).not.toContain(secret);
    const lines = output()
      .split('\n')
      .filter((line) => line.includes(traceOf(ordered)));
    expect(new Set(lines.map((line) => JSON.parse(line).process))).toEqual(new Set(['gateway', 'orders']));
  });

  it('shows the same tree for the same order where all modules are together', async () => {
    const [apart, one] = await Promise.all(
      [split, together].map(async (url) => {
        const ordered = await order(await customer(url), 'tok_visa');
        expect(ordered.body.status).toBe('paid');
        return complete(traceOf(ordered), ...untilPaid);
      }),
    );
    expect(new Set(one!.map(({ service }) => service))).toEqual(new Set(['fissile']));
    expect(workIn(apart!)).toEqual(workIn(one!));
    expect(workIn(one!).length).toBeGreaterThan(10);
  });

  it('shows which step failed when the provider is broken', async () => {
    const ordered = await order(await customer(split), 'tok_flaky');
    expect(ordered.body.status).toBe('paid');
    const traceId = traceOf(ordered);
    const spans = await complete(traceId, ...untilPaid);
    const tries = spans
      .filter(({ name }) => name.startsWith('run orders.checkout'))
      .toSorted((a, b) => a.startedAt - b.startedAt);
    expect(
      tries.map(({ name, tags }) => [name.split(' ').at(-1), tags['fissile.attempt'], tags.error ?? false]),
    ).toEqual([
      ['authorize', 1, true],
      ['authorize', 2, true],
      ['authorize', 3, false],
      ['capture', 1, false],
      ['confirm', 1, false],
    ]);
    const wanted = { 'error.type': 'payments.provider-unavailable', 'fissile.saga.step': 'authorize' };
    expect(await jaeger.tracesWith('fissile-orders', wanted)).toEqual([traceId]);
  });

  it('shows the reaction to an event below its publishing in another process', async () => {
    const registered = await new Visitor(split).post('/v1/auth/register', somebody());
    const spans = await complete(traceOf(registered), 'publish auth.user-registered', 'process auth.user-registered');
    const published = spans.find(({ name }) => name === 'publish auth.user-registered')!;
    expect(published).toMatchObject({
      service: 'fissile-auth',
      tags: { 'span.kind': 'producer', 'messaging.system': 'rabbitmq' },
    });
    expect(spans.find(({ name }) => name === 'process auth.user-registered')).toMatchObject({
      service: 'fissile-users',
      parent: published.id,
      tags: { 'span.kind': 'consumer', 'messaging.system': 'rabbitmq' },
    });
  });
});

const withoutKafka = withoutJaeger() ?? (await brokers.kafka.missing());
it.skipIf(withoutKafka)(
  `Jaeger shows the reaction to an event below its publishing over Kafka${withoutKafka === undefined ? '' : ` (${withoutKafka})`}`,
  async () => {
    await using closers = new AsyncDisposableStack();
    const jaeger = await startJaeger();
    closers.defer(() => jaeger.stop());
    const folder = await temporaryFolder('fissile-traces-');
    closers.defer(folder.remove);
    const broker = await brokers.kafka.open();
    closers.defer(broker.remove);
    const file = join(folder.path, 'apart.yaml');
    await writeTopology(file, [
      { name: 'users', modules: ['users'] },
      { name: 'others', modules: modules.filter((name) => name !== 'users') },
    ]);
    const topology = await startTopology(file, {
      OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      DATA_DIR: join(folder.path, 'apart'),
      EVENTS_URL: broker.url,
    });
    closers.defer(async () => void (await topology.stop()));
    const traceId = traceOf(await new Visitor(topology.url).post('/v1/auth/register', somebody()));
    const named = async (name: string) => (await jaeger.spansOf(traceId)).find((span) => span.name === name);
    await expect.poll(() => named('process auth.user-registered'), { interval: 200 }).toBeDefined();
    await expect.poll(() => named('publish auth.user-registered'), { interval: 200 }).toBeDefined();
    const published = await named('publish auth.user-registered');
    expect(published!.tags).toMatchObject({ 'span.kind': 'producer', 'messaging.system': 'kafka' });
    expect(await named('process auth.user-registered')).toMatchObject({
      service: 'fissile-users',
      parent: published!.id,
      tags: { 'span.kind': 'consumer', 'messaging.system': 'kafka' },
    });
  },
);

/**
 * Lists the work and below what it was done, without the ways between processes: `parent > child`, sorted. Statements and the
 * check of the token are left out, since each process makes its own.
 */
function workIn(spans: readonly JaegerSpan[]): string[] {
  const known = new Map(spans.map((span) => [span.id, span]));
  const isWork = ({ name, tags }: JaegerSpan) =>
    tags['db.system.name'] === undefined &&
    tags['span.kind'] !== 'server' &&
    tags['url.template'] === undefined &&
    name !== 'wait for a connection' &&
    name !== 'check access token';
  const parentOf = ({ parent }: JaegerSpan) => (parent === undefined ? undefined : known.get(parent));
  const isCheck = (span: JaegerSpan | undefined): boolean =>
    span !== undefined && (span.name === 'check access token' || isCheck(parentOf(span)));
  const workAbove = (span: JaegerSpan): string => {
    const above = parentOf(span);
    if (above === undefined) return 'the request';
    return isWork(above) ? calledIn(above.name) : workAbove(above);
  };
  return spans
    .filter((span) => isWork(span) && !isCheck(span))
    .map((span) => `${workAbove(span)} > ${calledIn(span.name)}`)
    .toSorted();
}

/** `fissile.payments.v1.Payments/Authorize` is `payments.authorize` within a process. */
const calledIn = (name: string): string =>
  name.replace(
    /^fissile\.(\w+)\.v1\.\w+\/(\w)(\w*)$/,
    (_, module: string, first: string, rest: string) => `${module}.${first.toLowerCase()}${rest}`,
  );
