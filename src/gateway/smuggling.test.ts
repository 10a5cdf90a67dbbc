import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#platform/endpoint.ts';
import { LibraryApi } from '../../tests/support/gateway.ts';
import { sendRaw, statusesIn } from '../../tests/support/raw-http.ts';
import { serve } from '../../tests/support/served-gateway.ts';

const handled: unknown[] = [];
const takesBody = endpoint(LibraryApi, 'POST /v1/books', {
  summary: 'Takes a body',
  access: 'anyone',
  body: z.object({ title: z.string() }),
  answers: { status: 204 },
  async handle({ body }) {
    handled.push(body);
    return { status: 204 };
  },
});

let url: string;
beforeEach(async () => {
  handled.length = 0;
  ({ url } = await serve([takesBody]));
});
const send = (...lines: string[]) => sendRaw(url, ...lines);

const json = '{"title":"Emma"}';
const start = ['POST /v1/books HTTP/1.1', 'Host: x', 'Content-Type: application/json'];
const smuggled = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';

describe('a request whose end is ambiguous', () => {
  it('is not what these tests send by accident', async () => {
    const answers = await send(...start, `Content-Length: ${json.length}`, '', json + smuggled);
    expect(statusesIn(answers)).toEqual([204, 200]);
    expect(handled).toEqual([{ title: 'Emma' }]);
  });

  it.each([
    [
      'a length and chunks',
      [`Content-Length: ${json.length}`, 'Transfer-Encoding: chunked', '', `0\r\n\r\n${smuggled}`],
    ],
    ['chunks and a length', ['Transfer-Encoding: chunked', 'Content-Length: 4', '', `0\r\n\r\n${smuggled}`]],
    ['two lengths', [`Content-Length: ${json.length}`, 'Content-Length: 0', '', json + smuggled]],
    ['a list of lengths', [`Content-Length: ${json.length}, 0`, '', json + smuggled]],
    ['a signed length', [`Content-Length: +${json.length}`, '', json + smuggled]],
    ['an encoding after chunked', ['Transfer-Encoding: chunked, identity', '', `0\r\n\r\n${smuggled}`]],
    ['a space before the colon', ['Transfer-Encoding : chunked', '', `0\r\n\r\n${smuggled}`]],
    [
      'a header folded over two lines',
      ['Transfer-Encoding:', ' chunked', `Content-Length: ${json.length}`, '', json + smuggled],
    ],
    ['a chunk size that is no number', ['Transfer-Encoding: chunked', '', `0x10\r\n${json}\r\n0\r\n\r\n${smuggled}`]],
    ['a chunk longer than announced', ['Transfer-Encoding: chunked', '', `5\r\n${json}\r\n0\r\n\r\n${smuggled}`]],
    ['two hosts', ['Host: y', `Content-Length: ${json.length}`, '', json + smuggled]],
  ])('S35 by %s is refused, and nothing behind it is a request', async (_, lines) => {
    const answers = await send(...start, ...lines);
    expect(statusesIn(answers)).toEqual([400]);
    expect(handled).toEqual([]);
  });

  it.each(['xchunked', 'gzip', 'gzip, chunked', 'identity', 'chunked;q=1'])(
    'S35 by the unknown transfer coding %s is 501, and nothing behind it is a request',
    async (coding) => {
      const answers = await send(...start, `Transfer-Encoding: ${coding}`, '', `0\r\n\r\n${smuggled}`);
      expect(statusesIn(answers)).toEqual([501]);
      expect(answers).toMatch(/^Connection: close\r$/m);
      expect(answers).toContain('platform.unknown-transfer-coding');
      expect(handled).toEqual([]);
    },
  );

  it('S35 by headers without end is refused', async () => {
    const answers = await send(...start, `X-Padding: ${'x'.repeat(20_000)}`, '', '');
    expect(answers).toMatch(/^HTTP\/1\.1 431/);
  });

  it('S35 without a host is refused', async () => {
    expect(await send('GET /livez HTTP/1.1', '', '')).toMatch(/^HTTP\/1\.1 400/);
  });
});
