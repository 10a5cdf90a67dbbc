import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { currentContext } from '#platform/context.ts';
import { errors } from '#platform/errors.ts';
import { endpoint } from '#platform/endpoint.ts';
import { LibraryApi, somebody, tokenFor } from '../../../tests/support/gateway.ts';
import { ask, type RawAnswer, serve } from '../../../tests/support/served-gateway.ts';

const { bookLent, closed } = errors('library', {
  bookLent: ['conflict', 'The book is lent.'],
  closed: ['unavailable', 'The library is closed.'],
});
const path = z.object({ id: z.string() });
const Book = z.object({ id: z.string(), title: z.string() });
const deprecated = { since: '2026-01-01T00:00:00Z', sunset: '2027-01-01T00:00:00Z' };

const endpoints = [
  endpoint(LibraryApi, 'GET /v1/books/{id}', {
    summary: 'One book',
    access: 'anyone',
    versioned: true,
    path,
    answers: { status: 200, body: Book },
    handle: async (request) => ({ status: 200, version: 3, body: { id: request.path.id, title: 'Emma' } }),
  }),
  endpoint(LibraryApi, 'POST /v1/books', {
    summary: 'A new book',
    access: 'admin',
    body: z.object({ title: z.string() }),
    answers: { status: 201, body: Book },
    handle: async ({ body }) => ({
      status: 201,
      headers: { Location: '/v1/books/7' },
      body: { id: '7', title: body.title },
    }),
  }),
  endpoint(LibraryApi, 'DELETE /v1/books/{id}', {
    summary: 'No book',
    access: 'user',
    path,
    answers: { status: 204 },
    async handle(request) {
      if (request.path.id === 'lent') throw bookLent('Emma has it.');
      if (request.path.id === 'closed') throw closed({ retryAfter: 30 });
      if (request.path.id === 'broken') throw new Error('SELECT secret FROM vault');
      return { status: 204 };
    },
  }),
  endpoint(LibraryApi, 'GET /v1/shelves', {
    summary: 'What is going away',
    access: 'user',
    deprecated,
    query: z.object({ page: z.int().default(1) }),
    answers: { status: 200, body: z.object({ page: z.int(), who: z.string() }) },
    handle: async ({ query, principal }) => ({ status: 200, body: { page: query.page, who: principal.userId } }),
  }),
];

const shop = 'https://shop.example';
const settings = { rateLimit: 100, corsOrigins: [shop] };

/** The same endpoints, behind a gateway and in one process with it. */
async function topologies() {
  const module = await serve(endpoints, { settings: { trustProxy: 1, corsOrigins: [shop] } });
  const upstreams = [{ name: 'library', endpoints, origins: [module.url], certificates: undefined }];
  return { apart: await serve([], { upstreams, settings }), together: await serve(endpoints, { settings }), module };
}

/** Drops headers that differ from one request to the next anyway. */
const tidy = ({ headers, ...answer }: RawAnswer) => ({
  ...answer,
  headers: headers.map(([name, value]) => [
    name,
    name === 'Date' || name === 'traceparent' || name === 'RateLimit' ? '' : value,
  ]),
});

const customer = somebody();
const bearer = (...roles: Parameters<typeof somebody>) => ({ Authorization: `Bearer ${tokenFor(somebody(...roles))}` });
const asCustomer = { Authorization: `Bearer ${tokenFor(customer)}` };
const json = { 'Content-Type': 'application/json' };

describe('a client cannot tell where a module runs', () => {
  it.each([
    ['what anyone may read', '/v1/books/1', {}],
    ['a HEAD', '/v1/books/1', { method: 'HEAD' }],
    ['what has not changed', '/v1/books/1', { headers: { 'If-None-Match': '"3"' } }],
    ['a page of another origin', '/v1/books/1', { headers: { Origin: shop } }],
    [
      'its preflight',
      '/v1/books',
      { method: 'OPTIONS', headers: { Origin: shop, 'Access-Control-Request-Method': 'POST' } },
    ],
    [
      'something new',
      '/v1/books',
      { method: 'POST', headers: { ...bearer('admin'), ...json }, body: '{"title":"Emma"}' },
    ],
    ['nothing', '/v1/books/1', { method: 'DELETE', headers: asCustomer }],
    ['a refusal by the module', '/v1/books/lent', { method: 'DELETE', headers: asCustomer }],
    ['a module that is not available', '/v1/books/closed', { method: 'DELETE', headers: asCustomer }],
    ['a fault of the module', '/v1/books/broken', { method: 'DELETE', headers: asCustomer }],
    [
      'a field that is wrong',
      '/v1/books',
      { method: 'POST', headers: { ...bearer('admin'), ...json }, body: '{"titel":"Emma"}' },
    ],
    ['a body that is not JSON', '/v1/books', { method: 'POST', headers: { ...bearer('admin'), ...json }, body: '{' }],
    ['a body of another type', '/v1/books', { method: 'POST', headers: bearer('admin'), body: 'title=Emma' }],
    [
      'a compressed body',
      '/v1/books',
      { method: 'POST', headers: { ...bearer('admin'), ...json, 'Content-Encoding': 'gzip' }, body: 'x' },
    ],
    ['somebody without a token', '/v1/shelves', {}],
    ['a token that is not valid', '/v1/shelves', { headers: { Authorization: 'Bearer nonsense' } }],
    [
      'somebody who may not',
      '/v1/books',
      { method: 'POST', headers: { ...asCustomer, ...json }, body: '{"title":"Emma"}' },
    ],
    [
      'somebody who has only the next server know the token',
      '/v1/shelves',
      { headers: { ...asCustomer, Connection: 'close, authorization' } },
    ],
    ['what is going away', '/v1/shelves?page=2', { headers: asCustomer }],
    ['a parameter that is wrong', '/v1/shelves?page=x', { headers: asCustomer }],
    ['a wrong method', '/v1/books/1', { method: 'PATCH' }],
    ['a path that is not there', '/v1/nothing', {}],
    ['another version', '/v9/books/1', {}],
    ['a path that cannot be decoded', '/v1/books/%E0%A4%A', {}],
  ])('from the answer to %s', async (_, target, options) => {
    const { apart, together } = await topologies();
    const headers = { 'X-Request-Id': 'seven', ...('headers' in options ? options.headers : {}) };
    const [one, other] = await Promise.all(
      [apart, together].map(({ url }) => ask(url + target, { ...options, headers })),
    );
    expect(tidy(one!)).toEqual(tidy(other!));
  });

  it('from the limit on requests, which the gateway keeps', async () => {
    const { apart } = await topologies();
    const { headers } = await ask(`${apart.url}/v1/books/1`);
    expect(headers).toContainEqual(['RateLimit', '"default";r=99;t=60']);
  });

  it('from what is written about it', async () => {
    const { apart, together } = await topologies();
    for (const [path, content] of [
      ['/openapi.json', '/v1/shelves'],
      ['/asyncapi.json', 'library.book-lent.v1'],
    ]) {
      const [one, other] = await Promise.all([apart, together].map(({ url }) => ask(url + path)));
      expect(JSON.parse(one!.text)).toEqual(JSON.parse(other!.text));
      expect(one!.text).toContain(`"${content}"`);
    }
  });
});

describe('what goes on to a module', () => {
  /** Answers with the headers that it got. */
  async function echo(trustProxy = 0) {
    let heard: IncomingHttpHeaders = {};
    const server = createServer((request, response) => {
      heard = request.headers;
      response.setHeader('Content-Type', 'application/json').end('{}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const origins = [`http://127.0.0.1:${(server.address() as AddressInfo).port}`];
    const upstreams = [{ name: 'library', endpoints, origins, certificates: undefined }];
    const through = await serve([], { upstreams, settings: { trustProxy } });
    return async (headers: Record<string, string>) => {
      const answer = await ask(`${through.url}/v1/books/1`, { headers });
      return { heard, answer, host: new URL(origins[0]!).host };
    };
  }

  it('S34 is not what a client says about where a request comes from', async () => {
    const { heard, host } = await (
      await echo()
    )({
      Host: 'evil.example',
      Forwarded: 'for=203.0.113.7',
      'X-Forwarded-For': '203.0.113.7',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-User': 'admin',
      'X-Real-Ip': '203.0.113.7',
      Via: '1.1 evil',
    });
    expect(heard).toEqual({
      host,
      connection: 'keep-alive',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-request-id': expect.any(String),
      traceparent: expect.any(String),
    });
  });

  it("is the gateway's own part of the trace, and the id that the client is told", async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const { heard, answer } = await (
      await echo(1)
    )({
      traceparent: `00-${trace}-00f067aa0ba902b7-01`,
      tracestate: 'a=b',
      baggage: 'shop=berlin',
      'X-Request-Id': 'x'.repeat(200),
    });
    const told = new Map(answer.headers);
    expect(heard.traceparent).toBe(told.get('traceparent'));
    expect(heard.traceparent).toMatch(new RegExp(`^00-${trace}-`));
    expect(heard['x-request-id']).toBe(told.get('X-Request-Id'));
    expect(heard).toMatchObject({ tracestate: 'a=b', baggage: 'shop=berlin' });
  });

  it('S34 is no trace that a stranger names, nor what they say beside it', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const { heard } = await (
      await echo()
    )({ traceparent: `00-${trace}-00f067aa0ba902b7-01`, tracestate: 'a=b', baggage: 'shop=berlin' });
    expect(heard.traceparent).not.toContain(trace);
    expect(Object.keys(heard)).not.toContain('tracestate');
    expect(Object.keys(heard)).not.toContain('baggage');
  });

  it('is nothing that concerns the connection of the client', async () => {
    const { heard } = await (
      await echo()
    )({
      Connection: 'close, X-Secret',
      'X-Secret': 'x',
      TE: 'trailers',
      'Proxy-Authorization': 'Basic x',
      Upgrade: 'h2c',
    });
    expect(heard.connection).toBe('keep-alive');
    for (const name of ['x-secret', 'te', 'proxy-authorization', 'upgrade']) expect(heard).not.toHaveProperty(name);
  });

  it('is everything else, the token too, which the module checks itself', async () => {
    const sent = {
      authorization: asCustomer.Authorization,
      'stripe-signature': 't=1',
      prefer: 'wait=5',
      'if-none-match': '"9"',
      accept: '*/*',
    };
    expect((await (await echo())(sent)).heard).toMatchObject(sent);
  });
});

describe('a module behind the gateway', () => {
  it('knows the address of the client, who asks, and until when', async () => {
    const seen = endpoint(LibraryApi, 'GET /v1/seen', {
      summary: 'What the module knows',
      access: 'user',
      answers: { status: 200, body: z.object({ address: z.string(), who: z.string(), token: z.string() }) },
      handle: async ({ address, principal }) => ({
        status: 200,
        body: { address, who: principal.userId, token: currentContext()!.token! },
      }),
    });
    const module = await serve([seen], { settings: { trustProxy: 1 } });
    const upstreams = [{ name: 'library', endpoints: [seen], origins: [module.url], certificates: undefined }];
    const { url } = await serve([], { upstreams, settings: { trustProxy: 1 } });
    const { text } = await ask(`${url}/v1/seen`, {
      headers: { ...asCustomer, 'X-Forwarded-For': '192.0.2.1, 198.51.100.9' },
    });
    expect(JSON.parse(text)).toEqual({
      address: '198.51.100.9',
      who: customer.userId,
      token: asCustomer.Authorization.slice('Bearer '.length),
    });
  });

  it('S30 does not take the word of the gateway for who somebody is', async () => {
    const { module, apart } = await topologies();
    const { sessionId } = customer;
    expect((await ask(`${apart.url}/v1/shelves`, { headers: asCustomer })).status).toBe(200);
    module.authenticator.end(sessionId);
    expect(
      (await ask(`${apart.url}/v1/shelves`, { headers: asCustomer })).status,
      'the gateway has not heard of it',
    ).toBe(401);
  });

  it('appears in the log of the gateway as what it is, with the problem it told', async () => {
    const { apart } = await topologies();
    const { text } = await ask(`${apart.url}/v1/books/lent`, { method: 'DELETE', headers: asCustomer });
    expect(apart.log().lines.at(-1)).toMatchObject({
      message: 'DELETE /v1/books/{id} 409',
      code: 'library.book-lent',
      principal: customer.userId,
      bytes: text.length,
    });
  });
});
