import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverOptions } from './server-options.ts';
import { z } from 'zod';
import { endpoint } from '#platform/http/endpoint.ts';
import { gateway, LibraryApi } from '../../tests/support/gateway.ts';

let server: Server;
const handled: unknown[] = [];

beforeAll(async () => {
  const { app } = gateway([
    endpoint(LibraryApi, 'POST /v1/books', {
      summary: 'Takes a body',
      access: 'anyone',
      body: z.object({ title: z.string() }),
      answers: { status: 204 },
      async handle({ body }) {
        handled.push(body);
        return { status: 204 };
      },
    }),
  ]);
  server = createServer(serverOptions, app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Sends the very bytes, and gives all that comes back until the server hangs up. */
function send(...lines: string[]): Promise<string> {
  handled.length = 0;
  return new Promise((resolve) => {
    let received = '';
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => socket.write(lines.join('\r\n')));
    socket.setTimeout(500, () => socket.destroy());
    socket.on('data', (data) => (received += data.toString()));
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
  });
}

const json = '{"title":"Emma"}';
const start = ['POST /v1/books HTTP/1.1', 'Host: x', 'Content-Type: application/json'];
const smuggled = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';

describe('a request whose end is ambiguous', () => {
  it('is not what these tests send by accident', async () => {
    const answers = await send(...start, `Content-Length: ${json.length}`, '', json + smuggled);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 204', 'HTTP/1.1 200']);
    expect(handled).toEqual([{ title: 'Emma' }]);
  });

  it.each([
    ['a length and chunks', [`Content-Length: ${json.length}`, 'Transfer-Encoding: chunked', '', `0\r\n\r\n${smuggled}`]],
    ['chunks and a length', ['Transfer-Encoding: chunked', 'Content-Length: 4', '', `0\r\n\r\n${smuggled}`]],
    ['two lengths', [`Content-Length: ${json.length}`, 'Content-Length: 0', '', json + smuggled]],
    ['a list of lengths', [`Content-Length: ${json.length}, 0`, '', json + smuggled]],
    ['a signed length', [`Content-Length: +${json.length}`, '', json + smuggled]],
    ['an unknown encoding', ['Transfer-Encoding: xchunked', '', `0\r\n\r\n${smuggled}`]],
    ['an encoding after chunked', ['Transfer-Encoding: chunked, identity', '', `0\r\n\r\n${smuggled}`]],
    ['a space before the colon', ['Transfer-Encoding : chunked', '', `0\r\n\r\n${smuggled}`]],
    ['a header folded over two lines', ['Transfer-Encoding:', ' chunked', `Content-Length: ${json.length}`, '', json + smuggled]],
    ['a chunk size that is no number', ['Transfer-Encoding: chunked', '', `0x10\r\n${json}\r\n0\r\n\r\n${smuggled}`]],
    ['a chunk longer than announced', ['Transfer-Encoding: chunked', '', `5\r\n${json}\r\n0\r\n\r\n${smuggled}`]],
  ])('S35 by %s is refused, and nothing behind it is a request', async (_, lines) => {
    const answers = await send(...start, ...lines);
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
    expect(handled).toEqual([]);
  });

  it('S35 by headers without end is refused', async () => {
    const answers = await send(...start, `X-Padding: ${'x'.repeat(20_000)}`, '', '');
    expect(answers).toMatch(/^HTTP\/1\.1 431/);
  });

  it('S35 without a host is refused', async () => {
    expect(await send('GET /livez HTTP/1.1', '', '')).toMatch(/^HTTP\/1\.1 400/);
  });
});
