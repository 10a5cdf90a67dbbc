/** The traces of a program with all modules in one process. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { customer, somebody, Visitor } from './acceptance/client.ts';
import { type CollectedSpan, type Collector, startCollector, treeOf } from './support/collector.ts';
import { freshDatabaseUrl } from './support/postgres.ts';
import { startTestProgram } from './support/program.ts';
import { freePort, start, temporaryFolder } from './support/running-program.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function aCollector(): Promise<Collector> {
  const collector = await startCollector();
  closers.push(() => collector.close());
  return collector;
}

async function aProgram(environment: Record<string, string>) {
  const program = await startTestProgram({
    environment: { SEED: 'demo', OTEL_BSP_SCHEDULE_DELAY: '50', ...environment },
  });
  closers.push(() => program.stop());
  return program;
}

const traceOf = ({ headers }: { headers: Headers }) => headers.get('traceparent')!.split('-')[1]!;
const mug = { items: [{ sku: 'mug-blue', quantity: 1 }], paymentToken: 'tok_visa' };
const untilDone = { prefer: 'wait=20' };

/** The spans of a trace, once there is one called `last`. */
async function spansOf(collector: Collector, traceId: string, last: string): Promise<readonly CollectedSpan[]> {
  const found = () => collector.spans.filter((span) => span.traceId === traceId);
  await expect.poll(() => found().map(({ name }) => name)).toContain(last);
  // It is told when it ends, and what it is told below a little later.
  await expect.poll(() => found().some(({ kind }) => kind === 'server')).toBe(true);
  return found();
}
const isStatement = ({ attributes }: CollectedSpan) => 'db.system.name' in attributes;

/** As much of Stripe as one order needs; `breakFor` has it fail so many times to hold the money. */
async function aProvider() {
  let [amount, failures] = [0, 0];
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await text(request));
    amount = Number(form.get('amount') ?? amount);
    const act = request.url!.split('/').at(-1);
    const isBroken = act === 'confirm' && failures-- > 0;
    const status = { confirm: 'requires_capture', capture: 'succeeded' }[act!] ?? 'requires_payment_method';
    const intent = {
      id: 'pi_1',
      object: 'payment_intent',
      status,
      amount,
      amount_received: status === 'succeeded' ? amount : 0,
    };
    response.writeHead(isBroken ? 500 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(isBroken ? { error: { type: 'api_error', message: 'It broke.' } } : intent));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  closers.push(() => (server.closeAllConnections(), server.close()));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, breakFor: (times: number) => void (failures = times) };
}

describe('a placed order', () => {
  it('is one trace: the request, its token, the calls, the saga with its steps, and the events', async () => {
    const collector = await aCollector();
    const program = await aProgram({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: 'shop' });
    const ada = await customer(program.url);
    const ordered = await ada.post('/v1/orders', mug, untilDone);
    expect(ordered.body.status).toBe('paid');
    await expect.poll(() => collector.spans.map(({ name }) => name)).toContain('publish orders.order-paid');
    const spans = await spansOf(collector, traceOf(ordered), 'saga orders.checkout');

    const waits = ({ name }: CollectedSpan) => name === 'wait for a connection';
    expect(treeOf(spans.filter((span) => !isStatement(span) && !waits(span)))).toEqual([
      'POST /v1/orders (shop)',
      '  check access token (shop)',
      '  orders.placeOrder (shop)',
      '    saga orders.checkout (shop)',
      '      run orders.checkout authorize (shop)',
      '        payments.authorize (shop)',
      '      run orders.checkout capture (shop)',
      '        payments.capture (shop)',
      '          publish payments.payment-captured (shop)',
      '      run orders.checkout confirm (shop)',
      '        publish orders.order-paid (shop)',
      '    publish orders.order-placed (shop)',
      '  orders.awaitCheckout (shop)',
    ]);
    const request = spans.find(({ kind }) => kind === 'server');
    expect(request).toMatchObject({
      attributes: {
        'http.request.method': 'POST',
        'http.route': '/v1/orders',
        'http.response.status_code': 201,
        'url.scheme': 'http',
      },
      failed: false,
    });
    expect(spans.find(({ name }) => name === 'INSERT orders')).toMatchObject({
      kind: 'client',
      attributes: {
        'db.system.name': 'postgresql',
        'db.operation.name': 'INSERT',
        'db.collection.name': 'orders',
        'db.query.summary': 'INSERT orders',
      },
    });
    expect(spans.find(({ name }) => name === 'publish orders.order-paid')).toMatchObject({
      kind: 'producer',
      attributes: {
        'messaging.system': 'memory',
        'messaging.operation.name': 'publish',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'orders.order-paid',
        'messaging.message.id': expect.any(String),
      },
    });
    expect(spans.find(({ name }) => name === 'saga orders.checkout')!.attributes).toEqual({
      'fissile.saga': 'orders.checkout',
      'fissile.saga.id': ordered.body.id,
      'fissile.saga.outcome': 'completed',
    });

    const lines = program.logged.map((line) => JSON.parse(line));
    expect(lines.find(({ message }) => message === 'POST /v1/orders 201')).toMatchObject({
      trace_id: request!.traceId,
      span_id: request!.spanId,
    });

    const told = JSON.stringify(collector.spans);
    for (const secret of [ada.person.email, ada.person.password, ada.person.name, ada.accessToken!, 'tok_visa'])
      expect(told).not.toContain(secret);
    expect(collector.spans.map(({ name }) => name)).toContain('process auth.user-registered');
  });

  it('names the step that failed when the provider is broken, and what the provider was asked', async () => {
    const { url: STRIPE_API_BASE, breakFor } = await aProvider();
    const collector = await aCollector();
    const program = await aProgram({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      PAYMENT_PROVIDER: 'stripe',
      STRIPE_API_KEY: 'sk_test_secret',
      STRIPE_API_BASE,
    });
    const ada = await customer(program.url);
    breakFor(2);
    const ordered = await ada.post('/v1/orders', { ...mug, paymentToken: 'pm_card_visa' }, untilDone);
    expect(ordered.body.status).toBe('paid');
    const spans = await spansOf(collector, traceOf(ordered), 'saga orders.checkout');
    const tries = spans.filter(({ name }) => name === 'run orders.checkout authorize');
    expect(tries.map(({ failed, attributes }) => [attributes['fissile.attempt'], failed])).toEqual([
      [1, true],
      [2, true],
      [3, false],
    ]);
    const asked = spans.filter(({ name, kind }) => name === 'POST' && kind === 'client');
    expect(asked.filter(({ failed }) => failed)).toHaveLength(2);
    const calls = new Set(spans.filter(({ name }) => name === 'payments.authorize').map(({ spanId }) => spanId));
    expect(asked.filter(({ failed }) => failed).every(({ parentId }) => calls.has(parentId))).toBe(true);
    const { port } = new URL(STRIPE_API_BASE);
    expect(asked[0]!.attributes).toMatchObject({ 'server.address': '127.0.0.1', 'server.port': Number(port) });
    const scrape = await (await fetch(`${program.url}/metrics`)).text();
    const broken = 'http_response_status_code="500",error_type="500"';
    expect(scrape).toContain(
      `http_client_request_duration_seconds_count{http_request_method="POST",fissile_module="",server_address="127.0.0.1",${broken}} 2`,
    );
    expect(JSON.stringify(collector.spans)).not.toContain('sk_test_secret');
    expect(JSON.stringify(collector.spans)).not.toContain('pm_card_visa');
  });

  it('stays one trace when the process dies in the middle of it', async () => {
    const collector = await aCollector();
    const folder = await temporaryFolder();
    closers.push(() => folder.remove());
    const environment = {
      DATA_DIR: join(folder.path, 'data'),
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      PAYMENT_TIMEOUT: '5',
    };
    const first = await start({ ...environment, OTEL_SERVICE_NAME: 'first' });
    closers.push(() => first.stop('SIGKILL'));
    const ada = await customer(first.url);
    const ordered = await ada.post('/v1/orders', { ...mug, paymentToken: 'tok_slow' });
    const traceId = traceOf(ordered);
    await expect
      .poll(() => collector.spans.filter((span) => span.traceId === traceId).map(({ name }) => name))
      .toEqual(expect.arrayContaining(['orders.placeOrder', 'INSERT payments']));
    await first.stop('SIGKILL');

    const second = await start({ ...environment, OTEL_SERVICE_NAME: 'second' });
    closers.push(() => second.stop('SIGKILL'));
    const spans = await spansOf(collector, traceId, 'saga orders.checkout');
    const saga = spans.find(({ name }) => name === 'saga orders.checkout');
    const placing = spans.find(({ name }) => name === 'orders.placeOrder');
    expect(saga).toMatchObject({
      service: 'second',
      parentId: placing!.spanId,
      attributes: { 'fissile.saga.outcome': 'completed' },
    });
    expect(saga!.startedAt).toBeLessThan(placing!.startedAt + placing!.duration + 1_000);
    const steps = spans
      .filter(({ parentId }) => parentId === saga!.spanId)
      .map(({ name, service }) => `${name} (${service})`);
    expect(steps).toEqual([
      'run orders.checkout authorize (second)',
      'run orders.checkout capture (second)',
      'run orders.checkout confirm (second)',
    ]);
  });
});

describe('an event', () => {
  it('that is delivered again is told again, with its attempt and a link to where it came from', async () => {
    const collector = await aCollector();
    const database = await freshDatabaseUrl();
    closers.push(() => database.drop());
    const options = {
      databaseUrl: database.url,
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '50' },
    };
    const program = await startTestProgram(options);
    closers.push(() => program.stop());
    const users = program.modules.get('users')!.database.database;
    await users.query('alter table profiles add constraint closed check (false) not valid');
    const traceId = traceOf(await new Visitor(program.url).post('/v1/auth/register', somebody()));
    const called = (name: string) => collector.spans.filter((span) => span.name === name && span.traceId === traceId);
    const tries = () => called('process auth.user-registered');
    await expect.poll(() => tries().length).toBeGreaterThan(0);
    await users.query('alter table profiles drop constraint closed');
    await expect.poll(() => tries().some(({ failed }) => !failed)).toBe(true);
    const { spanId } = called('publish auth.user-registered')[0]!;
    const [first, ...later] = tries().toSorted((a, b) => a.startedAt - b.startedAt);
    expect(first).toMatchObject({ kind: 'consumer', traceId, parentId: spanId, failed: true, links: [] });
    expect(first!.attributes).toMatchObject({ 'fissile.attempt': 1, 'messaging.operation.name': 'process' });
    expect(later.at(-1)).toMatchObject({ traceId, parentId: spanId, failed: false, links: [{ traceId, spanId }] });
    expect(later.at(-1)!.attributes['fissile.attempt']).toBe(later.length + 1);
    const failures = program.logged.filter((line) => line.includes('A reaction failed') && line.includes(traceId));
    expect(failures.map((line) => JSON.parse(line).span_id)).toEqual(
      tries().flatMap(({ failed, spanId: own }) => (failed ? own : [])),
    );
  });
});

describe('the decision whether a trace is kept', () => {
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  const ask = async (url: string, flags: string) =>
    fetch(`${url}/v1/products/mug-blue`, {
      headers: { traceparent: `00-${traceId}-00f067aa0ba902b7-${flags}`, tracestate: 'vendor=x' },
    });

  it('is that of a sender who is trusted', async () => {
    const collector = await aCollector();
    const { url } = await aProgram({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, TRUST_PROXY: '1' });
    expect((await ask(url, '00')).headers.get('traceparent')).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
    expect((await ask(url, '01')).headers.get('traceparent')).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    const spans = await spansOf(collector, traceId, 'GET /v1/products/{sku}');
    expect(spans.filter(({ kind }) => kind === 'server')).toMatchObject([
      { parentId: '00f067aa0ba902b7', state: 'vendor=x' },
    ]);
  });

  it('is none of a stranger', async () => {
    const collector = await aCollector();
    const { url } = await aProgram({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0',
    });
    const { headers } = await ask(url, '01');
    expect(headers.get('traceparent')).toMatch(/-00$/);
    expect(headers.get('traceparent')).not.toContain(traceId);
    await delay(300);
    expect(collector.spans).toEqual([]);
  });
});

describe('a collector', () => {
  it('gets the headers that are set for it, and attributes of the process', async () => {
    const collector = await aCollector();
    const { url } = await aProgram({
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b,tenant=shop',
    });
    const answer = await fetch(`${url}/v1/products`);
    await spansOf(collector, traceOf(answer), 'GET /v1/products');
    expect(collector.headers).toMatchObject({ 'api-key': 'a b', tenant: 'shop' });
    expect(collector.spans[0]!.service).toBe('fissile');
  });

  it('that is away costs spans, which are counted and said once, and nothing else', async () => {
    const port = await freePort();
    const program = await aProgram({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_BSP_EXPORT_TIMEOUT: '300',
    });
    const ask = async () => (await fetch(`${program.url}/v1/products`)).status;
    const lost = async () => {
      const scrape = await (await fetch(`${program.url}/metrics`)).text();
      return Number(/^fissile_spans_lost_total\{error_type="not-taken"\} (\d+)$/m.exec(scrape)?.[1]);
    };
    expect(await ask()).toBe(200);
    await expect.poll(lost).toBeGreaterThan(0);
    const before = await lost();
    expect(await ask()).toBe(200);
    await expect.poll(lost).toBeGreaterThan(before);
    expect(program.logged.filter((line) => line.includes('takes no spans'))).toHaveLength(1);
  });
});

describe('the log', () => {
  it('goes to the collector as well where that is asked for, each line with its place in a trace', async () => {
    const collector = await aCollector();
    const folder = await temporaryFolder();
    closers.push(() => folder.remove());
    const program = await start({
      DATA_DIR: folder.path,
      LOG_LEVEL: 'info',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_LOGS_EXPORTER: 'otlp',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
    closers.push(() => program.stop('SIGKILL'));
    const person = somebody();
    const registered = await new Visitor(program.url).post('/v1/auth/register', person);
    expect(registered.status).toBe(201);
    expect(await program.stop()).toBe(0);
    const request = collector.spans.find(({ name }) => name === 'POST /v1/auth/register')!;
    expect(collector.lines).toContainEqual({
      service: 'fissile',
      level: 'info',
      message: 'POST /v1/auth/register 201',
      traceId: traceOf(registered),
      spanId: request.spanId,
      attributes: expect.objectContaining({ status: 201 }),
    });
    expect(program.output()).toContain('POST /v1/auth/register 201');
    expect(JSON.stringify(collector.lines)).not.toContain(person.email);
  });
});

describe('without a collector', () => {
  /** Its API, of functions that do nothing, comes with the library for metrics. */
  it('nothing of OpenTelemetry is loaded that could make a span', async () => {
    const report = join(import.meta.dirname, 'support/report-loaded.js');
    const loaded = async (environment: Record<string, string>) => {
      const folder = await temporaryFolder();
      closers.push(() => folder.remove());
      const program = await start({ DATA_DIR: folder.path, NODE_OPTIONS: `--import=${report}`, ...environment });
      await program.stop();
      return program.output().match(/^loaded: .*(@opentelemetry\/(?!api\/)|open-telemetry).*$/gm) ?? [];
    };
    expect(await loaded({})).toEqual([]);
    const collector = await aCollector();
    expect((await loaded({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url })).length).toBeGreaterThan(10);
  });
});
