import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#platform/endpoint.ts';
import { LibraryApi } from '../../tests/support/gateway.ts';
import { statusesIn } from '../../tests/support/raw-http.ts';
import { ask, serve, type ServeOptions, type Served } from '../../tests/support/served-gateway.ts';

const large = 'x'.repeat(5_000_000);
const endpoints = [
  endpoint(LibraryApi, 'POST /v1/books', {
    summary: 'A new book',
    access: 'anyone',
    body: z.object({}),
    answers: { status: 204 },
    handle: async () => ({ status: 204 }),
  }),
  endpoint(LibraryApi, 'GET /v1/books', {
    summary: 'All',
    access: 'anyone',
    answers: { status: 200, body: z.string() },
    handle: async () => ({ status: 200, body: large }),
  }),
];
const settings = { trustProxy: 1, requestTimeout: 30_000 };

/** A gateway before a module, or with it in one process. */
async function shop(where: 'apart' | 'together', options: ServeOptions['settings'] = {}): Promise<Served> {
  const together = await serve(endpoints, { settings: { ...settings, ...options } });
  if (where === 'together') return together;
  const upstreams = [{ name: 'library', endpoints, origins: [together.url], certificates: undefined }];
  return serve([], { upstreams, settings: { ...settings, ...options } });
}

/** A client that says these lines and then nothing. */
async function client(url: string, ...lines: string[]) {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  onTestFinished(() => void socket.destroy());
  let received = '';
  socket.on('data', (data) => (received += data.toString()));
  await once(socket, 'connect');
  socket.write(lines.join('\r\n'));
  return { socket, received: () => received };
}
const unfinished = (url: string, address: string) =>
  client(
    url,
    'POST /v1/books HTTP/1.1',
    'Host: x',
    `X-Forwarded-For: ${address}`,
    'Content-Type: application/json',
    'Content-Length: 1000',
    '',
    '{',
  );

/** Milliseconds of another client's request, which must succeed. */
async function others(url: string): Promise<number> {
  const startedAt = performance.now();
  const { status } = await ask(`${url}/v1/books`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': '198.51.100.1' },
    body: '{}',
  });
  expect(status).toBe(204);
  return performance.now() - startedAt;
}

describe('clients that never finish their request', () => {
  it('S32 take no place at a module, however many they are', async () => {
    const { url, metrics } = await shop('apart');
    const before = await others(url);
    // More than may be under way to one module at once.
    await Promise.all(
      Array.from({ length: 1_100 }, (_, index) => unfinished(url, `10.0.${index >> 8}.${index & 255}`)),
    );
    await expect.poll(() => metrics.requestsInFlight).toBe(1_100);
    expect(await others(url)).toBeLessThan(before + 1_000);
  });

  it.each(['apart', 'together'] as const)(
    'S32 are at most a hundred of one network, with a module %s',
    async (where) => {
      const { url } = await shop(where);
      const slow = await Promise.all(
        Array.from({ length: 300 }, (_, index) => unfinished(url, `2001:db8::${index.toString(16)}`)),
      );
      const refused = () => slow.filter(({ received }) => statusesIn(received()).includes(429));
      await expect.poll(() => refused().length).toBe(200);
      for (const { received, socket } of refused()) {
        expect(received()).toMatch(/^Connection: close\r$/m);
        await expect.poll(() => socket.destroyed || socket.readableEnded).toBe(true);
      }
      await others(url);
      // Who finishes makes room for the next one.
      const first = slow.find(({ received }) => received() === '');
      first!.socket.write(' '.repeat(998) + '}');
      await expect.poll(() => statusesIn(first!.received())).toEqual([204]);
      const next = await unfinished(url, '2001:db8::ffff');
      next.socket.write(' '.repeat(998) + '}');
      await expect.poll(() => statusesIn(next.received())).toEqual([204]);
    },
  );

  it.each(['apart', 'together'] as const)('S32 have ten seconds for the body, with a module %s', async (where) => {
    const { url } = await shop(where);
    const { socket, received } = await unfinished(url, '192.0.2.1');
    const startedAt = performance.now();
    // One byte a second is no progress.
    const drip = setInterval(() => socket.write(' '), 1_000);
    onTestFinished(() => clearInterval(drip));
    await expect.poll(() => statusesIn(received())).toEqual([408]);
    expect(performance.now() - startedAt).toBeGreaterThan(9_000);
    expect(received()).toContain('platform.request-timeout');
    await expect.poll(() => socket.destroyed || socket.readableEnded).toBe(true);
  });
});

describe('clients that never read their answer', () => {
  it.each(['apart', 'together'] as const)(
    'S32 are cut off when its time is up, and so is all that they asked for meanwhile, with a module %s',
    async (where) => {
      const { url, log, metrics } = await shop(where, { requestTimeout: 1_000 });
      const get = ['GET /v1/books HTTP/1.1', 'Host: x', '', ''].join('\r\n');
      const { socket } = await client(url, '');
      socket.pause();
      socket.write(get.repeat(6));
      await expect.poll(() => metrics.requestsInFlight).toBe(6);
      await expect.poll(() => metrics.requestsInFlight).toBe(0);
      const whole = await ask(`${url}/v1/books`);
      expect([whole.status, whole.text.length]).toEqual([200, large.length + 2]);
      const statuses = () => log().lines.flatMap(({ status }) => status ?? []);
      expect(statuses()).toEqual([499, 499, 499, 499, 499, 499, 200]);
    },
  );
});
