import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Agent as UndiciAgent, request as undiciRequest } from 'undici';
import { endpoint } from '#platform/endpoint.ts';
import { LibraryApi } from '../../tests/support/gateway.ts';
import { freePort } from '../../tests/support/running-program.ts';
import { serve } from '../../tests/support/served-gateway.ts';

const begun = Promise.withResolvers<void>();
const released = Promise.withResolvers<void>();
const endpoints = [
  endpoint(LibraryApi, 'POST /v1/books', {
    summary: 'A book',
    access: 'anyone',
    answers: { status: 204 },
    handle: async () => ({ status: 204 }),
  }),
  endpoint(LibraryApi, 'POST /v1/slow-books', {
    summary: 'A book that takes its time',
    access: 'anyone',
    answers: { status: 204 },
    async handle() {
      begun.resolve();
      await released.promise;
      return { status: 204 };
    },
  }),
];

const opened = async (port: number) => (await serve(endpoints, { port })).front;

type Post = (url: string) => Promise<{ status: number; connection?: string | undefined }>;

function nodeClient(): Post {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  onTestFinished(() => agent.destroy());
  return (url) =>
    new Promise((resolve, reject) => {
      const sent = request(url, { method: 'POST', agent }, (answer) => {
        answer
          .resume()
          .once('end', () => resolve({ status: answer.statusCode!, connection: answer.headers.connection }));
      });
      sent.once('error', reject).end();
    });
}

function undiciClient(): Post {
  const dispatcher = new UndiciAgent({ connections: 8 });
  onTestFinished(() => dispatcher.close());
  return async (url) => {
    const { statusCode, body } = await undiciRequest(url, { method: 'POST', dispatcher });
    await body.dump();
    return { status: statusCode };
  };
}

const readiness = (url: string): Promise<number | 'refused'> =>
  fetch(`${url}/readyz`, { headers: { connection: 'close' } }).then(
    ({ status }) => status,
    () => 'refused',
  );

describe('a port that is about to close', () => {
  it('goes on answering while it says that it is not ready, so that a probe sees it', async () => {
    const front = await opened(0);
    const { url } = front;
    expect(await readiness(url)).toBe(200);
    const closed = front.close(10_000, 1_000);
    expect(await readiness(url)).toBe(503);
    expect((await nodeClient()(`${url}/v1/books`)).status).toBe(204);
    await closed;
    expect(await readiness(url)).toBe('refused');
  });

  it('closes no later than all requests are cut off', async () => {
    const front = await opened(0);
    const startedAt = performance.now();
    await front.close(100, 60_000);
    expect(performance.now() - startedAt).toBeLessThan(30_000);
  });

  it('does not wait for a connection that has asked nothing', async () => {
    const front = await opened(0);
    const silent = connect(Number(new URL(front.url).port), '127.0.0.1');
    onTestFinished(() => void silent.destroy());
    await once(silent, 'connect');
    expect(await readiness(front.url)).toBe(200);
    const ended = once(silent, 'close');
    silent.resume();
    await Promise.all([front.close(600_000), ended]);
  });

  it('says so on every answer that begins from then on, also to a request from before', async () => {
    const front = await opened(0);
    const post = nodeClient();
    expect((await post(`${front.url}/v1/books`)).connection).toBe('keep-alive');
    const slow = post(`${front.url}/v1/slow-books`);
    await begun.promise;
    const closed = front.close(10_000, 200);
    expect((await post(`${front.url}/v1/books`)).connection).toBe('close');
    released.resolve();
    expect(await slow).toEqual({ status: 204, connection: 'close' });
    await closed;
  });

  it.each([
    ['of Node', nodeClient],
    ['of undici', undiciClient],
  ])(
    'loses no request of a client %s that keeps its connections alive, while one of two copies is started again',
    async (_, client) => {
      const ports = [await freePort(), await freePort()];
      const fronts = await Promise.all(ports.map(opened));
      const urls = fronts.map(({ url }) => url);

      // A load balancer: it sends to each in turn that was ready when it last asked.
      const ready = new Set(urls);
      const end = new AbortController();
      onTestFinished(() => end.abort());
      const probing = Promise.all(
        urls.map(async (url) => {
          for (; !end.signal.aborted; await sleep(20)) {
            if ((await readiness(url)) === 200) ready.add(url);
            else ready.delete(url);
          }
        }),
      );
      const post = client();
      const statuses = new Map<unknown, number>();
      let turn = 0;
      const sending = Promise.all(
        Array.from({ length: 8 }, async () => {
          while (!end.signal.aborted) {
            const choice = [...ready];
            const url = choice[turn++ % choice.length];
            const outcome =
              url === undefined
                ? await sleep(20, 'none is ready')
                : await post(`${url}/v1/books`).then(({ status }) => status, String);
            statuses.set(outcome, (statuses.get(outcome) ?? 0) + 1);
          }
        }),
      );
      for (const index of [0, 1]) {
        await fronts[index]!.close(20_000, 1_000);
        expect(ready.size).toBe(1);
        await sleep(100);
        fronts[index] = await opened(ports[index]!);
        await expect.poll(() => ready.size).toBe(2);
      }
      end.abort();
      await Promise.all([sending, probing]);
      expect([...statuses.keys()]).toEqual([204]);
      expect(statuses.get(204)).toBeGreaterThan(100);
    },
  );
});
