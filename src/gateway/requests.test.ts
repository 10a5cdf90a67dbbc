import { request as httpRequest } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { endpoint, type Endpoint } from '#platform/endpoint.ts';
import { gateway, LibraryApi, type TestGatewayOptions } from '../../tests/support/gateway.ts';

/** Answers with what the handler was given. */
const echo = (
  route: 'GET /v1/books' | 'POST /v1/books' | 'PATCH /v1/books/{id}',
  fields: Partial<Endpoint>,
): Endpoint =>
  endpoint(LibraryApi, route, {
    summary: 'Echo',
    access: 'anyone',
    answers: { status: 200, body: z.unknown() },
    ...(fields as object),
    handle: async ({ path, query, body, ifMatch, rawBody }) => ({
      status: 200,
      body: { path, query, body, ifMatch, raw: rawBody?.toString() },
    }),
  });

const Author = z.object({ name: z.string().trim().min(1), born: z.int().optional() });
const NewBook = z.object({
  title: z.string().max(20),
  authors: z.array(Author).max(3),
  note: z.object({ text: z.string() }).optional(),
});
const posting = (options?: TestGatewayOptions) =>
  gateway([echo('POST /v1/books', { body: NewBook })], options).http.post('/v1/books');
const emma = { title: 'Emma', authors: [{ name: 'Jane Austen' }] };

describe('the body of a request', () => {
  it('reaches the handler as its schema reads it', async () => {
    const { status, body } = await posting().send({ ...emma, authors: [{ name: '  Jane Austen ', born: 1775 }] });
    expect(status).toBe(200);
    expect(body.body).toEqual({ title: 'Emma', authors: [{ name: 'Jane Austen', born: 1775 }] });
  });

  it('is refused with all that is wrong with it', async () => {
    const { status, body } = await posting().send({ title: 7, authors: [{ name: '' }, {}] });
    expect(status).toBe(400);
    expect(body.code).toBe('platform.invalid-request');
    expect(body.errors).toEqual([
      { path: '/title', message: expect.any(String) },
      { path: '/authors/0/name', message: expect.any(String) },
      { path: '/authors/1/name', message: expect.any(String) },
    ]);
  });

  it('that is missing lacks every field', async () => {
    const { status, body } = await posting();
    expect(status).toBe(400);
    expect(body.errors.map(({ path }: { path: string }) => path)).toEqual(['/title', '/authors']);
  });

  it.each([
    ['at the top', { ...emma, price: 0 }, '/price'],
    ['within an array', { ...emma, authors: [{ name: 'Jane', isAdmin: true }] }, '/authors/0/isAdmin'],
    ['within an optional object', { ...emma, note: { text: 'x', html: 'y' } }, '/note/html'],
    ['called __proto__', JSON.parse('{"title":"Emma","authors":[],"__proto__":{"isAdmin":true}}'), '/__proto__'],
  ])('S31 is refused with an unknown field %s', async (_, sent, path) => {
    const { status, body } = await posting().set('Content-Type', 'application/json').send(JSON.stringify(sent));
    expect(status).toBe(400);
    expect(body.errors).toContainEqual({ path, message: 'There is no such field.' });
  });

  it.each([
    ['text/plain', '{}'],
    ['application/x-www-form-urlencoded', 'title=Emma'],
    ['multipart/form-data; boundary=x', '--x--'],
    ['application/json; charset=utf-16', '{}'],
    ['application/json; charset=latin1', '{}'],
    ['application/json; charset=klingon', '{}'],
    ['application/json, text/plain', '{}'],
  ])('as %s is 415', async (type, text) => {
    const { status, body } = await posting().set('Content-Type', type).send(text);
    expect(status).toBe(415);
    expect(body.code).toBe('platform.unsupported-media-type');
  });

  it.each([
    'application/json; charset=UTF-8',
    'application/json;charset=UTF8',
    'application/json; charset="utf-8"; profile="a;b"',
    'Application/JSON ; version=1',
    'application/json; odata=verbose;',
    'application/merge-patch+json',
  ])('as %s is JSON', async (type) => {
    expect((await posting().set('Content-Type', type).send(JSON.stringify(emma))).status).toBe(200);
  });

  it('compressed is 415, whatever it might become', async () => {
    const { status } = await posting().set('Content-Encoding', 'gzip').send(emma);
    expect(status).toBe(415);
  });

  it.each(['{"title": ', 'undefined', '{"title": "\u0000"}', '[1,]'])('that is not JSON is 400: %j', async (text) => {
    const { status, body } = await posting().set('Content-Type', 'application/json').send(text);
    expect(status).toBe(400);
    expect(body.code).toBe('platform.malformed-body');
    expect(body.detail).toMatch(/^The body is not valid JSON: .*(?:JSON|Unexpected)/);
  });

  it('S32 larger than the limit is 413, announced or not', async () => {
    const large = JSON.stringify({ ...emma, title: 'x'.repeat(2_000) });
    const settings = { bodyLimit: 1_000 };
    const announced = await posting({ settings }).set('Content-Type', 'application/json').send(large);
    expect(announced.status).toBe(413);
    expect(announced.body.code).toBe('platform.body-too-large');
    const { app } = gateway([echo('POST /v1/books', { body: NewBook })], { settings });
    expect(await statusOfChunked(app, large)).toBe(413);
  });

  it('S32 deeper than 32 levels is 400, and braces in strings do not count', async () => {
    const deep = `{"title":"Emma","authors":${'['.repeat(40)}${']'.repeat(40)}}`;
    const { status, body } = await posting().set('Content-Type', 'application/json').send(deep);
    expect(status).toBe(400);
    expect(body.detail).toContain('32 levels');
    const { body: answer } = await posting().send({ title: '[{[{"\\', authors: [], note: { text: '['.repeat(100) } });
    expect(answer.body.title).toBe('[{[{"\\');
  });

  it('S32 with a longer array than declared is 400', async () => {
    expect((await posting().send({ ...emma, authors: Array.from({ length: 4 }, () => ({ name: 'x' })) })).status).toBe(
      400,
    );
  });

  it.each([
    ['in a field', '{"title":"a\\u0000b","authors":[]}', '/title'],
    ['as half a surrogate pair', '{"title":"\\uD83D","authors":[]}', '/title'],
    ['deep inside', '{"title":"Emma","authors":[{"name":"Jane"},{"name":"\\udc0e\\ud83d"}]}', '/authors/1/name'],
    ['in a name', '{"title":"Emma","authors":[],"note":{"text":"x","\\u0000":1}}', '/note'],
  ])('with text that cannot be stored %s is 400', async (_, sent, path) => {
    const { status, body } = await posting().set('Content-Type', 'application/json').send(sent);
    expect(status).toBe(400);
    expect(body.errors).toEqual([{ path, message: expect.stringContaining('U+0000') }]);
  });

  it('may have any character, however it is written', async () => {
    const sent = '{"title":"\\ud83d\\udc0e \\\\u0000 🐎","authors":[]}';
    const { body } = await posting().set('Content-Type', 'application/json').send(sent);
    expect(body.body.title).toBe('🐎 \\u0000 🐎');
  });

  it('is not read where the endpoint takes none, but what it says is refused', async () => {
    const { http } = gateway([echo('POST /v1/books', {})]);
    expect((await http.post('/v1/books')).status).toBe(200);
    expect((await http.post('/v1/books').send({})).status).toBe(200);
    expect((await http.post('/v1/books').send({ force: true })).status).toBe(400);
  });

  it('reaches a handler that asks for it as the bytes that came', async () => {
    const { http } = gateway([echo('POST /v1/books', { rawBody: true })]);
    const signed = '{ "b": 1,\n"a": 2 }';
    const { body } = await http.post('/v1/books').set('Content-Type', 'application/json').send(signed);
    expect(body.raw).toBe(signed);
  });
});

describe('the query', () => {
  const Query = z.object({
    limit: z.int().min(1).max(100).default(20),
    paid: z.boolean().optional(),
    tags: z.array(z.string()).optional(),
    cursor: z.string().max(10).optional(),
  });
  const ask = (text: string) => gateway([echo('GET /v1/books', { query: Query })]).http.get(`/v1/books${text}`);

  it('is read by what the schema says: numbers, booleans and lists', async () => {
    expect((await ask('?limit=5&paid=false&tags=a')).body.query).toEqual({ limit: 5, paid: false, tags: ['a'] });
    expect((await ask('?tags=a&tags=b')).body.query).toEqual({ limit: 20, tags: ['a', 'b'] });
    expect((await ask('')).body.query).toEqual({ limit: 20 });
  });

  it.each([
    '?limit=',
    '?limit=five',
    '?limit=1e1',
    '?limit=0x10',
    '?limit=101',
    '?limit=1&limit=2',
    '?paid=yes',
    '?cursor=12345678901',
    '?cursor=a&cursor=b',
  ])('S32 %s is refused', async (text) => {
    const { status, body } = await ask(text);
    expect(status).toBe(400);
    expect(body.errors).toHaveLength(1);
  });

  it('is refused with U+0000 in it', async () => {
    expect((await ask('?cursor=a%00b')).body.errors).toEqual([{ path: '/cursor', message: expect.any(String) }]);
    expect((await ask('?tags=a&tags=%00')).body.errors).toEqual([{ path: '/tags/1', message: expect.any(String) }]);
  });

  it('S31 is refused with an unknown field, also where the endpoint takes none', async () => {
    expect((await ask('?limit=5&customerId=other')).status).toBe(400);
    expect((await ask('?__proto__=x')).status).toBe(400);
    const { http } = gateway([echo('GET /v1/books', {})]);
    expect((await http.get('/v1/books?admin=true')).status).toBe(400);
  });
});

describe('the path', () => {
  it('is decoded and checked', async () => {
    const { http } = gateway([echo('PATCH /v1/books/{id}', { path: z.object({ id: z.int().positive() }) })]);
    expect((await http.patch('/v1/books/7')).body.path).toEqual({ id: 7 });
    const refused = await http.patch('/v1/books/seven');
    expect(refused.status).toBe(400);
    expect(refused.body.errors).toEqual([{ path: '/id', message: expect.any(String) }]);
    const text = gateway([echo('PATCH /v1/books/{id}', { path: z.object({ id: z.string() }) })]).http;
    expect((await text.patch('/v1/books/a%2Fb%20c')).body.path).toEqual({ id: 'a/b c' });
    expect((await text.patch('/v1/books/a%00')).body.errors).toEqual([{ path: '/id', message: expect.any(String) }]);
  });
});

describe('an endpoint that cannot be right', () => {
  it.each([
    ['whose path has a parameter it does not check', echo('PATCH /v1/books/{id}', {}), '{id}'],
    ['that reads a body with GET', echo('GET /v1/books', { body: NewBook }), 'cannot have a body'],
    [
      'whose schema cannot refuse unknown fields',
      echo('POST /v1/books', { body: NewBook.and(z.object({})) as never }),
      'intersection',
    ],
  ])('%s stops the program from starting', (_, wrong, reason) => {
    expect(() => gateway([wrong])).toThrow(reason);
  });

  it('that is declared twice stops the program from starting', () => {
    expect(() => gateway([echo('GET /v1/books', {}), echo('GET /v1/books', {})])).toThrow(
      'GET /v1/books is declared twice',
    );
  });
});

/** Sends a body without announcing its length. */
async function statusOfChunked(app: Parameters<typeof createServer>[1], text: string): Promise<number | undefined> {
  const server = createServer(app!).listen(0);
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise((resolve, reject) => {
      const request = httpRequest(
        { port, path: '/v1/books', method: 'POST', headers: { 'content-type': 'application/json' } },
        (answer) => resolve(answer.statusCode),
      );
      request.on('error', reject);
      request.write(text.slice(0, 500));
      request.end(text.slice(500));
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
