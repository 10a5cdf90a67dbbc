import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { endpoint } from '#platform/endpoint.ts';
import { LibraryApi } from '../../tests/support/gateway.ts';
import { sendRaw, statusesIn } from '../../tests/support/raw-http.ts';
import { serve } from '../../tests/support/served-gateway.ts';

const book = endpoint(LibraryApi, 'POST /v1/books/{id}', {
  summary: 'Echo',
  access: 'anyone',
  path: z.object({ id: z.string() }),
  query: z.object({ page: z.int().optional() }),
  body: z.object({ title: z.string().optional() }),
  answers: { status: 200, body: z.unknown() },
  handle: async ({ path, query }) => ({ status: 200, body: { ...path, ...query } }),
});

/** The head and the body of the only answer. */
async function sent(...lines: string[]) {
  const { url, log } = await serve([book]);
  const answers = await sendRaw(url, ...lines);
  expect(statusesIn(answers)).toHaveLength(1);
  const [head = '', text = ''] = answers.split('\r\n\r\n');
  return { head, body: (text ? JSON.parse(text) : undefined) as Record<string, unknown>, log };
}
const end = ['Connection: close', '', ''];

describe('the target of a request', () => {
  it.each([
    [
      'with scheme and host (RFC 9112, 3.2.2)',
      'http://shop.example:3000/v1/books/a%2Fb?page=2',
      { id: 'a/b', page: 2 },
    ],
    ['with https', 'HTTPS://shop.example/v1/books/7', { id: '7' }],
    ['with a slash at the end', '/v1/books/7/?page=2', { id: '7', page: 2 }],
  ])('%s is found', async (_, target, found) => {
    const { head, body } = await sent(`POST ${target} HTTP/1.1`, 'Host: x', ...end);
    expect(head).toMatch(/^HTTP\/1\.1 200/);
    expect(body).toEqual(found);
  });

  it('that is only a host is the root', async () => {
    const { head } = await sent('GET http://shop.example HTTP/1.1', 'Host: x', ...end);
    expect(head).toMatch(/^HTTP\/1\.1 302/);
  });

  it('that is no URL is 400', async () => {
    const { head, body } = await sent('GET http://[::1/ HTTP/1.1', 'Host: x', ...end);
    expect(head).toMatch(/^HTTP\/1\.1 400/);
    expect(body.code).toBe('platform.malformed-request');
  });
});

describe('the host of a request', () => {
  it.each([
    ['twice', ['Host: shop.example', 'Host: shop.example']],
    ['not at all', []],
  ])('said %s is 400', async (_, hosts) => {
    const { head, body } = await sent('GET /livez HTTP/1.1', ...hosts, '', '');
    expect(head).toMatch(/^HTTP\/1\.1 400/);
    expect(head).toMatch(/^Connection: close\r$/m);
    expect(body.code).toBe('platform.malformed-request');
  });

  it('is not needed in HTTP/1.0', async () => {
    expect((await sent('GET /livez HTTP/1.0', '', '')).head).toMatch(/^HTTP\/1\.1 200/);
  });
});

describe("what Node's parser refuses", () => {
  it.each([
    ['a method that nobody knows', ['FOO /livez HTTP/1.1', 'Host: x', '', ''], 400, 'platform.malformed-request'],
    ['what is not HTTP', ['hello', '', ''], 400, 'platform.malformed-request'],
    [
      'a header with a space before the colon',
      ['GET /livez HTTP/1.1', 'Host : x', '', ''],
      400,
      'platform.malformed-request',
    ],
    [
      'headers without end',
      ['GET /livez HTTP/1.1', 'Host: x', `X-Padding: ${'x'.repeat(20_000)}`, '', ''],
      431,
      'platform.headers-too-large',
    ],
    [
      'a chunk size that is no number',
      ['POST /v1/books/7 HTTP/1.1', 'Host: x', 'Transfer-Encoding: chunked', '', 'zz', ''],
      400,
      'platform.malformed-request',
    ],
  ])('is answered as every other error: %s', async (_, lines, status, code) => {
    const { head, body, log } = await sent(...lines);
    const [first, ...headers] = head.split('\r\n');
    expect(first).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const expected = [
      'Content-Type: application/problem+json',
      'Connection: close',
      'Cache-Control: no-store',
      'X-Content-Type-Options: nosniff',
    ];
    expect(headers).toEqual(expect.arrayContaining(expected));
    expect(body).toMatchObject({ type: `urn:problem:${code}`, status, code, requestId: expect.any(String) });
    await expect
      .poll(() => log().lines)
      .toEqual([expect.objectContaining({ status, code, requestId: body.requestId })]);
  });

  it('does not take the answer from the request before it', async () => {
    const { url } = await serve([book]);
    const answers = await sendRaw(url, 'GET /livez HTTP/1.1', 'Host: x', '', 'FOO', '', '');
    expect(statusesIn(answers)[0]).toBe(200);
  });
});
