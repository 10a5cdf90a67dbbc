import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#platform/endpoint.ts';
import { LibraryApi } from '../../../tests/support/gateway.ts';
import { freePort } from '../../../tests/support/running-program.ts';
import { ask, serve, type ServeOptions } from '../../../tests/support/served-gateway.ts';
import { type TcpLink, tcpLink } from '../../../tests/support/tcp-link.ts';

const answer = { status: 200, body: z.object({ by: z.string() }) };
const Borrowed = z.object({ by: z.string() });

/** The endpoints of one process of a module, which says its name. */
const endpointsOf = (name: string, lent: string[] = []) => [
  endpoint(LibraryApi, 'GET /v1/books', {
    summary: 'Books',
    access: 'anyone',
    answers: answer,
    handle: async () => ({ status: 200, body: { by: name } }),
  }),
  endpoint(LibraryApi, 'POST /v1/loans', {
    summary: 'Borrow',
    access: 'anyone',
    answers: { status: 201, body: Borrowed },
    async handle() {
      lent.push(name);
      return { status: 201, body: { by: name } };
    },
  }),
  endpoint(LibraryApi, 'GET /v1/slow', {
    summary: 'Takes its time',
    access: 'anyone',
    answers: answer,
    async handle() {
      await delay(1_500);
      return { status: 200, body: { by: name } };
    },
  }),
];
const endpoints = endpointsOf('nobody');

const through = (origins: readonly string[], options: ServeOptions = {}) =>
  serve([], { upstreams: [{ name: 'library', endpoints, origins, certificates: undefined }], ...options });

interface Process {
  readonly url: string;
  readonly link: TcpLink;
}

/** A process of the module that can be cut off, and stopped in the middle of what it does. */
async function process(name: string, lent?: string[]): Promise<Process> {
  const { url } = await serve(endpointsOf(name, lent));
  const link = await tcpLink({ host: '127.0.0.1', port: Number(new URL(url).port) });
  onTestFinished(() => link.close());
  return { url: `http://127.0.0.1:${link.port}`, link };
}

const cutOff = ({ link }: Process) => {
  link.refuse();
  link.breakAll();
};

describe('the processes of a module', () => {
  it('take turns', async () => {
    const { http } = await through([(await process('one')).url, (await process('two')).url]);
    const by: string[] = [];
    for (let time = 0; time < 6; time++) by.push((await http.get('/v1/books')).body.by as string);
    expect(by).toEqual(['one', 'two', 'one', 'two', 'one', 'two']);
  });

  it('stand in for one that cannot be reached, whatever is asked', async () => {
    const lent: string[] = [];
    const { http, log } = await through([`http://127.0.0.1:${await freePort()}`, (await process('two', lent)).url]);
    const statuses: number[] = [];
    for (let time = 0; time < 6; time++) statuses.push((await http.post('/v1/loans').send({})).status);
    expect([statuses, lent.length]).toEqual([Array(6).fill(201), 6]);
    expect(log().lines.filter(({ message }) => String(message).includes('is left out'))).toHaveLength(1);
  });

  it('lose no request when one after the other is started again, not even one that cannot be repeated', async () => {
    const ports = [await freePort(), await freePort()];
    const lent = [0, 1].map((): string[] => []);
    const opened = (index: number) => serve(endpointsOf(String(index), lent[index]), { port: ports[index]! });
    const copies = [await opened(0), await opened(1)];
    const { url } = await through(copies.map((copy) => copy.url));
    const end = new AbortController();
    onTestFinished(() => end.abort());
    const statuses: (number | string)[] = [];
    const sending = Promise.all(
      Array.from({ length: 32 }, async () => {
        while (!end.signal.aborted)
          statuses.push(await ask(`${url}/v1/loans`, { method: 'POST' }).then(({ status }) => status, String));
      }),
    );
    for (const index of [0, 1]) {
      const served = () => lent[index]!.length;
      const begun = served();
      await expect.poll(served).toBeGreaterThan(begun + 50);
      let open = true;
      const closed = copies[index]!.front.close(20_000, 2_000).then(() => (open = false));
      // The gateway sends elsewhere as soon as it is told, not only when the port is closed.
      let last = 0;
      const quiet = () => last === (last = served());
      await expect.poll(quiet, { interval: 300 }).toBe(true);
      expect(open).toBe(true);
      await closed;
      copies[index] = await opened(index);
      const before = served();
      await expect.poll(served).toBeGreaterThan(before);
    }
    end.abort();
    await sending;
    expect(new Set(statuses)).toEqual(new Set([201]));
  });

  it('are asked again when they are back, without anybody doing anything', async () => {
    const port = await freePort();
    const { http, log } = await through([`http://127.0.0.1:${port}`, (await process('two')).url]);
    await http.get('/v1/books');
    await http.get('/v1/books');
    await serve(endpointsOf('one'), { port });
    await expect.poll(async () => (await http.get('/v1/books')).body.by as string).toBe('one');
    expect(log().text).toContain('answers again');
  });

  it.each([
    ['without a key', true, { 'X-Note': 'idempotency-key' }],
    ['with a key that the endpoint does not take', false, { 'Idempotency-Key': 'seven' }],
  ])('are not sent a second time what one of them may have done %s', async (_, idempotent, sent) => {
    const lent: string[] = [];
    const [one, two] = [await process('one', lent), await process('two', lent)];
    const declared = endpoints.map((each) => ({ ...each, idempotent }));
    const upstreams = [{ name: 'library', endpoints: declared, origins: [one.url, two.url], certificates: undefined }];
    const { http } = await serve([], { upstreams });
    one.link.cutWhenSent('POST /v1/loans');
    const { status, headers, body } = await http.post('/v1/loans').set(sent).send({});
    expect([status, body.code, headers['retry-after']]).toEqual([503, 'platform.outcome-unknown', '1']);
    expect(lent.filter((name) => name === 'two')).toEqual([]);
  });

  it('are sent a second time what changes nothing', async () => {
    const [one, two] = [await process('one'), await process('two')];
    const { http } = await through([one.url, two.url]);
    one.link.cutWhenSent('GET /v1/books');
    expect((await http.get('/v1/books')).body.by).toBe('two');
  });

  it('are sent a second time what takes effect once, since it carries a key', async () => {
    const keyed = endpoints.map((each) => ({ ...each, idempotent: true }));
    const [one, two] = [await process('one'), await process('two')];
    const upstreams = [{ name: 'library', endpoints: keyed, origins: [one.url, two.url], certificates: undefined }];
    const { http } = await serve([], { upstreams });
    one.link.cutWhenSent('POST /v1/loans');
    const { status, body } = await http.post('/v1/loans').set('Idempotency-Key', 'seven').send({});
    expect([status, body.by]).toEqual([201, 'two']);
  });

  it('are left when they take requests and answer none, and what can be asked again is', async () => {
    const [one, two] = [await process('one'), await process('two')];
    const { http, log } = await through([one.url, two.url]);
    one.link.delay = 60_000;
    const startedAt = Date.now();
    expect((await http.get('/v1/books')).body.by).toBe('two');
    expect(Date.now() - startedAt).toBeLessThan(30_000);
    await expect.poll(() => log().text).toContain('is left out');
    for (let time = 0; time < 6; time++) expect((await http.get('/v1/books')).body.by).toBe('two');
  });

  it('may take their time as long as they live', async () => {
    const one = await process('one');
    const { http, log } = await through([one.url]);
    expect((await http.get('/v1/slow')).body.by).toBe('one');
    expect(log().text).not.toContain('left out');
  });
});

describe('a module that is away', () => {
  it('is 503 with the time to come back, and nothing else is away with it', async () => {
    const shelves = endpoint(LibraryApi, 'GET /v1/shelves', {
      summary: 'Shelves',
      access: 'anyone',
      answers: answer,
      handle: async () => ({ status: 200, body: { by: 'here' } }),
    });
    const origins = [`http://127.0.0.1:${await freePort()}`];
    const { http } = await serve([shelves], {
      upstreams: [{ name: 'library', endpoints, origins, certificates: undefined }],
    });
    const { status, headers, body } = await http.get('/v1/books');
    expect([status, headers['content-type'], headers['retry-after'], body.code]).toEqual([
      503,
      'application/problem+json',
      '1',
      'platform.unavailable',
    ]);
    expect((await http.get('/v1/shelves')).body.by).toBe('here');
    expect((await http.get('/readyz')).status).toBe(200);
  });

  it('is not asked while its breaker is open, and again as soon as it lives', async () => {
    const one = await process('one');
    const { http, metrics } = await through([one.url]);
    expect((await http.get('/v1/books')).status).toBe(200);
    cutOff(one);
    for (let time = 0; time < 6; time++) expect((await http.get('/v1/books')).status).toBe(503);
    expect((await http.get('/readyz')).body.details).toEqual({
      'module library': { ready: 0, processes: 1, breaker: 'open' },
    });
    expect(await metrics.text()).toContain(
      'fissile_circuit_breaker{fissile_module="library",network_protocol_name="http",fissile_breaker_state="open"} 1',
    );
    one.link.accept();
    await expect.poll(async () => (await http.get('/v1/books')).status, { interval: 100 }).toBe(200);
    expect((await http.get('/readyz')).body.details).toEqual({
      'module library': { ready: 1, processes: 1, breaker: 'closed' },
    });
  });

  it('opens the breaker when none of its answers comes in time', async () => {
    const one = await process('one');
    const { http } = await through([one.url], { settings: { requestTimeout: 50 } });
    one.link.delay = 60_000;
    for (let time = 0; time < 4; time++)
      expect((await http.get('/v1/books')).body.code).toBe('platform.deadline-exceeded');
    // Nothing is waited for then.
    await expect.poll(async () => (await http.get('/v1/books')).body.code).toBe('platform.unavailable');
  });

  it('does not look better when clients leave, nor worse', async () => {
    const one = await process('one');
    const { url, http } = await through([one.url]);
    for (let time = 0; time < 8; time++) await ask(`${url}/v1/slow`, { timeout: 30 }).catch(() => {});
    expect((await http.get('/readyz')).body.details).toMatchObject({ 'module library': { breaker: 'closed' } });
  });

  it('is told at /readyz, with what else is worth knowing, and does not make the gateway less ready', async () => {
    const { http } = await through([(await process('one')).url, `http://127.0.0.1:${await freePort()}`], {
      details: { broker: () => ({ connected: false }) },
    });
    const { status, body } = await http.get('/readyz');
    expect(status).toBe(200);
    expect(body.details).toEqual({
      broker: { connected: false },
      'module library': { ready: 1, processes: 2, breaker: 'closed' },
    });
  });
});
