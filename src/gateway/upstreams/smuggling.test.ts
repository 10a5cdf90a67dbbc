import { type AddressInfo, createServer, type Server } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#platform/endpoint.ts';
import { LibraryApi } from '../../../tests/support/gateway.ts';
import { sendRaw, statusesIn } from '../../../tests/support/raw-http.ts';
import { serve } from '../../../tests/support/served-gateway.ts';

const post = endpoint(LibraryApi, 'POST /v1/books', {
  summary: 'Takes a body',
  access: 'anyone',
  body: z.object({ title: z.string() }),
  answers: { status: 204 },
  handle: async () => ({ status: 204 }),
});

/** A gateway before a module that answers 204 to whatever it gets, and the bytes that came over each connection to it. */
async function between() {
  const connections: string[] = [];
  const module = createServer((socket) => {
    const index = connections.push('') - 1;
    socket
      .on('error', () => {})
      .on('data', (data) => {
        connections[index] += data.toString('latin1');
        socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      });
  });
  return { connections, ...(await before(module)) };
}

async function before(module: Server) {
  await new Promise<void>((resolve) => module.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void module.close());
  const origins = [`http://127.0.0.1:${(module.address() as AddressInfo).port}`];
  const { url, log } = await serve([], {
    upstreams: [{ name: 'library', endpoints: [post], origins, certificates: undefined }],
  });
  return { log, url };
}

const json = '{"title":"Emma"}';
const large = JSON.stringify({ title: 'x'.repeat(20_000) });
const start = ['POST /v1/books HTTP/1.1', 'Host: x', 'Content-Type: application/json'];
const smuggled = 'POST /internal HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n';
const chunked = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;

/** The requests in what a module got. */
const requestsIn = (connections: readonly string[]) =>
  connections.flatMap((bytes) => bytes.match(/[A-Z]+ \/\S* HTTP\/1\.1/g) ?? []);

describe('a request that goes on to a module', () => {
  it.each([
    ['with a length', [`Content-Length: ${json.length}`, '', json]],
    ['with a large length', [`Content-Length: ${large.length}`, '', large]],
    ['in chunks', ['Transfer-Encoding: chunked', '', chunked(json)]],
  ])('%s says its end in one way', async (_, lines) => {
    const { connections, url } = await between();
    expect(await sendRaw(url, ...start, ...lines)).toMatch(/^HTTP\/1\.1 204/);
    const [head] = connections[0]!.split('\r\n\r\n');
    expect(head!.match(/^(?:content-length|transfer-encoding):/gim)).toHaveLength(1);
    expect(requestsIn(connections)).toEqual(['POST /v1/books HTTP/1.1']);
  });

  it('S35 in a body that looks like one is no request', async () => {
    const { connections, url } = await between();
    const body = JSON.stringify({ title: smuggled });
    await sendRaw(url, ...start, `Content-Length: ${body.length}`, '', body);
    expect(connections[0]).toContain(`content-length: ${body.length}`);
    expect(connections[0]!.endsWith(body)).toBe(true);
  });

  it.each([
    [
      'a length and chunks',
      [`Content-Length: ${json.length}`, 'Transfer-Encoding: chunked', '', `0\r\n\r\n${smuggled}`],
    ],
    ['two lengths', [`Content-Length: ${json.length}`, 'Content-Length: 0', '', json + smuggled]],
    ['two hosts', ['Host: y', `Content-Length: ${json.length}`, '', json + smuggled]],
    ['a space before the colon', ['Transfer-Encoding : chunked', '', `0\r\n\r\n${smuggled}`]],
    ['a header folded over two lines', ['X-Note: a', ' b', `Content-Length: ${json.length}`, '', json + smuggled]],
    [
      'a bare line feed',
      [`X-Note: a\nTransfer-Encoding: chunked`, `Content-Length: ${json.length}`, '', json + smuggled],
    ],
    ['a null in a header', ['X-Note: a\0b', `Content-Length: ${json.length}`, '', json + smuggled]],
    [
      'a lone carriage return',
      [`X-Note: a\rTransfer-Encoding: chunked`, `Content-Length: ${json.length}`, '', json + smuggled],
    ],
  ])('S35 by %s never goes on', async (_, lines) => {
    const { connections, url } = await between();
    expect(statusesIn(await sendRaw(url, ...start, ...lines))).toEqual([400]);
    expect(requestsIn(connections)).toEqual([]);
  });

  it.each(['xchunked', 'gzip, chunked'])('S35 by the unknown transfer coding %s never goes on', async (coding) => {
    const { connections, url } = await between();
    expect(
      statusesIn(await sendRaw(url, ...start, `Transfer-Encoding: ${coding}`, '', `0\r\n\r\n${smuggled}`)),
    ).toEqual([501]);
    expect(requestsIn(connections)).toEqual([]);
  });

  it.each([
    ['a chunk size that is no number', `5\r\n{"tit\r\nxyz\r\n${smuggled}`],
    ['a chunk longer than announced', `5\r\n${json}\r\n0\r\n\r\n${smuggled}`],
    ['a chunk that never ends', `ffff\r\n${smuggled}`],
  ])('S35 by %s never goes on, not even half of it', async (_, body) => {
    const { connections, url } = await between();
    await sendRaw(url, ...start, 'Transfer-Encoding: chunked', '', body);
    expect(requestsIn(connections)).toEqual([]);
  });

  it('S35 with a header that only one of the parsers takes is the fault of its sender', async () => {
    const { connections, url, log } = await between();
    for (let byte = 0; byte < 256; byte++) {
      if (byte === 10 || byte === 13) continue;
      const answers = await sendRaw(
        url,
        ...start,
        `X-Note: a${String.fromCharCode(byte)}b`,
        'Content-Length: 2',
        'Connection: close',
        '',
        '{}',
      );
      expect(answers.match(/HTTP\/1\.1 (\d+)/)?.[1], String(byte)).toMatch(/^(?:204|400)$/);
    }
    expect(connections.join('')).not.toContain('\0');
    expect(log().text).not.toContain('left out');
  });

  it.each(['CONNECT', 'TRACE', 'TRACK'])('S35 is never one with the method %s', async (method) => {
    const { connections, url } = await between();
    expect(await sendRaw(url, `${method} /v1/books HTTP/1.1`, 'Host: x', '', '')).not.toMatch(/^HTTP\/1\.1 2/);
    expect(connections).toEqual([]);
  });

  it('S35 is for the module, whatever host an absolute-form target names (RFC 9112, 3.2.2)', async () => {
    const { connections, url } = await between();
    const answers = await sendRaw(
      url,
      'POST http://evil.example/v1/books?x=1 HTTP/1.1',
      ...start.slice(1),
      'Content-Length: 2',
      '',
      '{}',
    );
    expect(statusesIn(answers)).toEqual([204]);
    expect(requestsIn(connections)).toEqual(['POST /v1/books?x=1 HTTP/1.1']);
    expect(connections[0]).not.toContain('evil');
  });

  it.each(['//evil.example/v1/books', '/v1/books/../internal', '/v1/books%2f..%2finternal'])(
    'S35 is never one to another place: %s',
    async (target) => {
      const { connections, url } = await between();
      expect(await sendRaw(url, `POST ${target} HTTP/1.1`, ...start.slice(1), 'Content-Length: 2', '', '{}')).toMatch(
        /^HTTP\/1\.1 404/,
      );
      expect(connections).toEqual([]);
    },
  );
});
