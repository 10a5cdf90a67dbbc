import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage, request, type RequestListener } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#platform/endpoint.ts';
import { LibraryApi } from '../../../tests/support/gateway.ts';
import { ask, serve, type ServeOptions } from '../../../tests/support/served-gateway.ts';

const endpoints = (['GET /v1/books', 'POST /v1/books'] as const).map((route) =>
  endpoint(LibraryApi, route, {
    summary: 'Books',
    access: 'anyone',
    rawBody: true,
    answers: { status: 200, body: z.unknown() },
    handle: async () => ({ status: 200 }),
  }),
);

/** A gateway before a module that does what the test says. */
async function before(module: RequestListener, options: ServeOptions = {}) {
  let connections = 0;
  const server = createServer(module).on('connection', () => void (connections += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close().closeAllConnections());
  const origins = [`http://127.0.0.1:${(server.address() as AddressInfo).port}`];
  const served = await serve([], {
    upstreams: [{ name: 'library', endpoints, origins, certificates: undefined }],
    ...options,
  });
  return { ...served, connections: () => connections };
}

const sha256 = async (stream: AsyncIterable<Buffer>) => {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
};
const megabytes = (count: number) => randomBytes(count * 1024 * 1024);
const megabyte = 1024 * 1024;

describe('a large body', () => {
  it.each(['announced', 'in chunks'])('%s reaches the module as it was sent', async (how) => {
    const { url } = await before(
      async (received, response) => {
        response.end(JSON.stringify({ length: received.headers['content-length'], sha256: await sha256(received) }));
      },
      { settings: { bodyLimit: 10_000_000 } },
    );
    const body = megabytes(4);
    const headers = how === 'announced' ? { 'Content-Length': body.length } : { 'Transfer-Encoding': 'chunked' };
    const sent = request(`${url}/v1/books`, { method: 'POST', headers, agent: false });
    sent.end(body);
    const [answer] = (await new Promise((resolve) => sent.once('response', (...all) => resolve(all)))) as [
      IncomingMessage,
    ];
    expect(JSON.parse((await answer.toArray()).join(''))).toEqual({
      length: String(body.length),
      sha256: createHash('sha256').update(body).digest('hex'),
    });
  });

  it('S32 above the limit is 413 at once when announced, without a connection to the module', async () => {
    const { url, connections } = await before((_, response) => response.end('{}'));
    const sent = request(`${url}/v1/books`, { method: 'POST', headers: { 'Content-Length': 100_001 }, agent: false });
    sent.on('error', () => {});
    sent.flushHeaders();
    const answer = await new Promise<IncomingMessage>((resolve) => sent.once('response', resolve));
    sent.destroy();
    expect([answer.statusCode, answer.headers.connection, connections()]).toEqual([413, 'close', 0]);
  });

  it('S32 above the limit in chunks is 413 where the limit is passed, and none of it reaches the module', async () => {
    const { url, connections } = await before((_, response) => response.end('{}'));
    const sent = request(`${url}/v1/books`, {
      method: 'POST',
      headers: { 'Transfer-Encoding': 'chunked' },
      agent: false,
    });
    sent.on('error', () => {});
    const answered = new Promise<IncomingMessage>((resolve) => sent.once('response', resolve));
    sent.write('x'.repeat(60_000));
    sent.write('x'.repeat(60_000));
    const answer = await answered;
    sent.destroy();
    expect([answer.statusCode, answer.headers.connection, connections()]).toEqual([413, 'close', 0]);
  });

  it('that the module does not read does not cost its sender the answer, nor the connection', async () => {
    const { url } = await before(
      (_, response) => void response.writeHead(403, { 'Content-Type': 'application/json' }).end('{"code":"no"}'),
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const ports = new Set<number | undefined>();
    for (let time = 0; time < 3; time++) {
      const sent = request(`${url}/v1/books`, { method: 'POST', agent }).end('x'.repeat(90_000));
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      ports.add(answer.socket.localPort);
      expect([answer.statusCode, (await answer.toArray()).join('')]).toEqual([403, '{"code":"no"}']);
    }
    expect(ports.size).toBe(1);
  });
});

describe('a large answer', () => {
  it.each(['announced', 'in chunks'])('%s reaches the client as it was sent', async (how) => {
    const body = megabytes(4);
    const { url } = await before((_, response) => {
      if (how === 'announced') response.setHeader('Content-Length', body.length);
      response.write(body.subarray(0, megabyte));
      response.end(body.subarray(megabyte));
    });
    const answer = await new Promise<IncomingMessage>((resolve) => get(`${url}/v1/books`, { agent: false }, resolve));
    expect(answer.headers['content-length']).toBe(how === 'announced' ? String(body.length) : undefined);
    expect(await sha256(answer)).toBe(createHash('sha256').update(body).digest('hex'));
  });

  it('is taken from the module as fast as the client takes it', async () => {
    let written = 0;
    const { url } = await before((_, response) => {
      const more = () => {
        while (written < 100 && !response.destroyed) {
          written += 1;
          if (!response.write(Buffer.alloc(megabyte))) return void response.once('drain', more);
        }
      };
      more();
    });
    const client = connect(Number(new URL(url).port), '127.0.0.1');
    onTestFinished(() => void client.destroy());
    client.pause().write('GET /v1/books HTTP/1.1\r\nHost: x\r\n\r\n');
    await expect.poll(() => written).toBeGreaterThan(0);
    await delay(500);
    expect(written, 'megabytes that the sockets and the gateway hold').toBeLessThan(30);
  });

  it('that breaks off breaks off for the client too, and is never taken for whole', async () => {
    const { url } = await before((_, response) => {
      response.write('half', () => setTimeout(() => response.destroy(), 50));
    });
    await expect(ask(`${url}/v1/books`)).rejects.toThrow('aborted');
  });

  it('that goes on at the deadline is cut off', async () => {
    const { url } = await before((_, response) => void response.write('half'), { settings: { requestTimeout: 100 } });
    await expect(ask(`${url}/v1/books`)).rejects.toThrow('aborted');
  });
});

describe('a request that nobody waits for any more', () => {
  it('is told to the module when the client has left', async () => {
    const begun = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    const { url, log } = await before((_, response) => {
      response.once('close', () => told.resolve());
      begun.resolve();
    });
    const sent = get(`${url}/v1/books`, { agent: false });
    sent.on('error', () => {});
    await begun.promise;
    sent.destroy();
    await told.promise;
    await expect.poll(() => log().lines).toMatchObject([{ message: 'GET /v1/books 499' }]);
  });

  it('is told to the module at the deadline, and the client has its answer', async () => {
    const told = Promise.withResolvers<void>();
    const { url } = await before((_, response) => void response.once('close', () => told.resolve()), {
      settings: { requestTimeout: 100 },
    });
    const { status, text } = await ask(`${url}/v1/books`);
    expect([status, JSON.parse(text)]).toMatchObject([503, { code: 'platform.deadline-exceeded' }]);
    await told.promise;
  });
});

describe('connections to a module', () => {
  it('are used again and again', async () => {
    const { http, connections } = await before((_, response) => response.end('{}'));
    for (let time = 0; time < 20; time++) await http.get('/v1/books');
    for (let time = 0; time < 20; time++) await http.post('/v1/books').send({ title: 'Emma' });
    expect(connections()).toBe(1);
  });
});
