import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { currentContext } from '#platform/context.ts';
import { errors } from '#platform/errors.ts';
import { endpoint, type Endpoint } from '#platform/endpoint.ts';
import { gateway, LibraryApi, somebody, tokenFor } from '../../tests/support/gateway.ts';

const LibraryErrors = errors('library', {
  bookNotFound: ['not-found', 'There is no such book.'],
  bookLent: ['conflict', 'The book is lent.'],
  closed: ['unavailable', 'The library is closed.'],
  catalogueCorrupt: ['internal', 'The catalogue is corrupt.'],
});
const Book = z.object({ id: z.string(), title: z.string() });

/** An endpoint that does what the test says. */
const answering = (handle: Endpoint['handle'], fields: Partial<Endpoint> = {}): Endpoint =>
  endpoint(LibraryApi, 'GET /v1/books/{id}', {
    summary: 'One book',
    access: 'anyone',
    path: z.object({ id: z.string() }),
    answers: { status: 200, body: Book },
    errors: Object.values(LibraryErrors),
    ...(fields as object),
    handle: handle as never,
  });
const emma = answering(async () => ({ status: 200, body: { id: '1', title: 'Emma' } }));

describe('an answer', () => {
  it('is JSON with its length and without validators nobody asked for', async () => {
    const { http } = gateway([emma]);
    const answer = await http.get('/v1/books/1');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ id: '1', title: 'Emma' });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(answer.text.length),
      'cache-control': 'no-store',
    });
    expect(answer.headers).not.toHaveProperty('etag');
  });

  it('S31 never holds a field that the endpoint does not declare', async () => {
    const { http } = gateway([
      answering(async () => ({
        status: 200,
        body: { id: '1', title: 'Emma', passwordHash: 'secret', author: { email: 'x' } },
      })),
    ]);
    expect((await http.get('/v1/books/1')).body).toEqual({ id: '1', title: 'Emma' });
  });

  it('to HEAD is that to GET without the body', async () => {
    const { http } = gateway([emma]);
    const [head, get] = await Promise.all([http.head('/v1/books/1'), http.get('/v1/books/1')]);
    expect(head.status).toBe(200);
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
    expect(head.text ?? '').toBe('');
  });

  it('carries the headers that keep browsers safe and names no software', async () => {
    const { headers } = await gateway([emma]).http.get('/v1/books/1');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
      'strict-transport-security': expect.stringContaining('max-age='),
      'referrer-policy': 'no-referrer',
    });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('server');
  });

  it('tells that the endpoint will go, and when', async () => {
    const deprecated = { since: '2026-01-01T00:00:00Z', sunset: '2027-01-01T00:00:00Z' };
    const { headers } = await gateway([{ ...emma, deprecated }]).http.get('/v1/books/1');
    expect(headers).toMatchObject({ deprecation: '@1767225600', sunset: 'Fri, 01 Jan 2027 00:00:00 GMT' });
  });
});

describe('the id of a request', () => {
  it('is taken from the client when it is harmless, and made otherwise', async () => {
    const { http } = gateway([emma]);
    const idAfter = async (given: string) =>
      (await http.get('/v1/books/1').set('X-Request-Id', given)).headers['x-request-id'];
    expect(await idAfter('order-7/retry:2')).toBe('order-7/retry:2');
    expect(await idAfter('a'.repeat(129))).toMatch(/^[\da-f-]{36}$/);
    expect(await idAfter('{"level":"error"}')).toMatch(/^[\da-f-]{36}$/);
  });

  it('continues the trace of a proxy that is trusted, with its decision whether to record it', async () => {
    const { http } = gateway([emma], { settings: { trustProxy: 1 } });
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const { headers } = await http.get('/v1/books/1').set('traceparent', `00-${traceId}-00f067aa0ba902b7-01`);
    expect(headers.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    expect(headers.traceparent).not.toContain('00f067aa0ba902b7');
    const { headers: unrecorded } = await http
      .get('/v1/books/1')
      .set('traceparent', `00-${traceId}-00f067aa0ba902b7-00`);
    expect(unrecorded.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
  });

  it('starts a new trace for whom nobody vouches', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const { headers } = await gateway([emma])
      .http.get('/v1/books/1')
      .set('traceparent', `00-${traceId}-00f067aa0ba902b7-01`);
    expect(headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    expect(headers.traceparent).not.toContain(traceId);
  });

  it.each(['', 'nonsense', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, `ff-${'a'.repeat(32)}-00f067aa0ba902b7-01`])(
    'starts a new trace for the traceparent "%s"',
    async (given) => {
      const { http } = gateway([emma], { settings: { trustProxy: 1 } });
      const { headers } = await http.get('/v1/books/1').set('traceparent', given);
      expect(headers.traceparent).toMatch(/^00-(?!0{32}|a{32})[0-9a-f]{32}-[0-9a-f]{16}-00$/);
    },
  );
});

describe('what is not there', () => {
  it.each(['/v1/nothing', '/v1/books', '/v1/books/', '/v1/books/1/pages', '/v1/books//'])(
    'is 404 at %s',
    async (path) => {
      const { status, headers, body } = await gateway([emma]).http.get(path);
      expect(status).toBe(404);
      expect(headers['content-type']).toBe('application/problem+json');
      expect(body).toMatchObject({
        code: 'platform.not-found',
        status: 404,
        title: 'There is nothing here.',
        detail: `There is nothing at ${path}. See /docs.`,
      });
    },
  );

  it('is 405 for another method, with those that are possible', async () => {
    const answer = await gateway([emma]).http.delete('/v1/books/1');
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe('GET, HEAD, OPTIONS');
    expect(answer.body).toMatchObject({
      code: 'platform.method-not-allowed',
      detail: 'DELETE is not allowed here. Allowed: GET, HEAD, OPTIONS.',
    });
    expect((await gateway([emma]).http.options('/v1/books/1')).status).toBe(204);
  });

  it('is 400 for a path that cannot be decoded', async () => {
    expect((await gateway([emma]).http.get('/v1/books/%E0%A4%A')).status).toBe(400);
  });
});

describe('a failure', () => {
  const failing = (error: unknown) =>
    gateway([
      answering(async () => {
        throw error;
      }),
    ]);

  it('is a problem with its own code, title and detail', async () => {
    const { http } = failing(LibraryErrors.bookNotFound('Nobody wrote book 1.'));
    const { status, headers, body } = await http.get('/v1/books/1').set('X-Request-Id', 'seven');
    expect(status).toBe(404);
    expect(headers['content-type']).toBe('application/problem+json');
    expect(body).toEqual({
      type: 'urn:problem:library.book-not-found',
      title: 'There is no such book.',
      status: 404,
      detail: 'Nobody wrote book 1.',
      code: 'library.book-not-found',
      requestId: 'seven',
    });
  });

  it('says when to come back', async () => {
    const { status, headers } = await failing(LibraryErrors.closed({ retryAfter: 30 })).http.get('/v1/books/1');
    expect(status).toBe(503);
    expect(headers['retry-after']).toBe('30');
    expect((await failing(LibraryErrors.closed()).http.get('/v1/books/1')).headers['retry-after']).toBe('1');
  });

  it('S36 nobody expected leaves without its text, and is in the log with its stack', async () => {
    const error = new Error('SELECT secret FROM vault failed', { cause: new Error('connect 10.0.0.7:5432') });
    const { http, log } = failing(error);
    const { status, text, body } = await http.get('/v1/books/1').set('X-Request-Id', 'seven');
    expect(status).toBe(500);
    expect(body).toMatchObject({ code: 'platform.internal', requestId: 'seven' });
    for (const inner of ['SELECT', 'vault', '10.0.0.7', 'at ', '.ts']) expect(text).not.toContain(inner);
    const line = log().lines.find(({ level }) => level === 'error');
    expect(line).toMatchObject({
      requestId: 'seven',
      error: {
        message: error.message,
        stack: expect.stringContaining('app.test.ts'),
        cause: { message: 'connect 10.0.0.7:5432' },
      },
    });
  });

  it('S36 that a module calls internal leaves without its text too', async () => {
    const { status, text } = await failing(LibraryErrors.catalogueCorrupt('Row 7 of books has no title.')).http.get(
      '/v1/books/1',
    );
    expect(status).toBe(500);
    expect(text).not.toMatch(/Row 7|corrupt/);
  });

  it('of an answer that is not what was declared is ours, and tells nothing of it', async () => {
    const { http } = gateway([answering(async () => ({ status: 200, body: { id: 7, secret: 'x' } }))]);
    const { status, text } = await http.get('/v1/books/1');
    expect(status).toBe(500);
    expect(text).not.toContain('secret');
  });
});

describe('time', () => {
  it('that is up is 503, and the work is told', async () => {
    let aborted: unknown;
    const { http } = gateway(
      [
        answering(async () => {
          const { signal } = currentContext()!;
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
          aborted = signal.reason;
          await delay(20);
          return { status: 200, body: { id: '1', title: 'late' } };
        }),
      ],
      { settings: { requestTimeout: 1_000 } },
    );
    const { status, body } = await http.get('/v1/books/1');
    expect(status).toBe(503);
    expect(body.code).toBe('platform.deadline-exceeded');
    await expect.poll(() => aborted).toBeDefined();
  });
});

describe('who may call', () => {
  const at = (access: Endpoint['access']) =>
    gateway([
      answering(async ({ principal }) => ({ status: 200, body: { id: '1', title: principal?.userId ?? 'nobody' } }), {
        access,
      }),
    ]);
  const bearer = (token: string) => `Bearer ${token}`;

  it('is anyone, known or not, where anyone may', async () => {
    const { http } = at('anyone');
    const person = somebody();
    expect((await http.get('/v1/books/1')).body.title).toBe('nobody');
    expect((await http.get('/v1/books/1').set('Authorization', bearer(tokenFor(person)))).body.title).toBe(
      person.userId,
    );
    expect((await http.get('/v1/books/1').set('Authorization', bearer('nonsense'))).body.title).toBe('nobody');
  });

  it('is who has a valid token, where a user may', async () => {
    const { http } = at('user');
    const person = somebody();
    const none = await http.get('/v1/books/1');
    expect(none.status).toBe(401);
    expect(none.headers['www-authenticate']).toBe('Bearer');
    const refused = await http.get('/v1/books/1').set('Authorization', bearer('nonsense'));
    expect(refused.status).toBe(401);
    expect(refused.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
    expect((await http.get('/v1/books/1').set('Authorization', bearer(tokenFor(person)))).body.title).toBe(
      person.userId,
    );
    expect((await http.get('/v1/books/1').set('Authorization', `Basic ${btoa('a:b')}`)).status).toBe(401);
  });

  it('is an administrator, where only they may', async () => {
    const { http } = at('admin');
    expect((await http.get('/v1/books/1')).status).toBe(401);
    const customer = await http.get('/v1/books/1').set('Authorization', bearer(tokenFor(somebody('customer'))));
    expect(customer.status).toBe(403);
    expect(customer.body.code).toBe('platform.forbidden');
    expect((await http.get('/v1/books/1').set('Authorization', bearer(tokenFor(somebody('admin'))))).status).toBe(200);
  });

  it('S34 is not who a header says', async () => {
    const { http } = at('user');
    const forged = {
      'x-user-id': somebody().userId,
      'x-principal': '{"roles":["admin"]}',
      'x-forwarded-user': 'admin',
      'x-roles': 'admin',
    };
    expect((await http.get('/v1/books/1').set(forged)).status).toBe(401);
  });

  it('cannot be told while the issuer of tokens is out of reach, which only matters where it is asked', async () => {
    const authorization = bearer(tokenFor(somebody()));
    const guarded = at('user');
    guarded.authenticator.reachable = false;
    expect((await guarded.http.get('/v1/books/1').set('Authorization', authorization)).status).toBe(503);
    const open = at('anyone');
    open.authenticator.reachable = false;
    expect((await open.http.get('/v1/books/1').set('Authorization', authorization)).status).toBe(200);
  });
});

describe("the caller's address", () => {
  const echo = answering(async ({ address }) => ({ status: 200, body: { id: '1', title: address } }));
  const forged = { 'X-Forwarded-For': '203.0.113.7, 198.51.100.9' };

  it('S34 is not what X-Forwarded-For says', async () => {
    const { body } = await gateway([echo]).http.get('/v1/books/1').set(forged);
    expect(body.title).toMatch(/127\.0\.0\.1$/);
  });

  it('is what the trusted proxies say, and no more of them than there are', async () => {
    const { body } = await gateway([echo], { settings: { trustProxy: 1 } })
      .http.get('/v1/books/1')
      .set(forged);
    expect(body.title).toBe('198.51.100.9');
  });

  it('S34 stays what the proxies say when the client calls their header one of the connection', async () => {
    const { body } = await gateway([echo], { settings: { trustProxy: 1 } })
      .http.get('/v1/books/1')
      .set({ ...forged, Connection: 'x-forwarded-for' });
    expect(body.title).toBe('198.51.100.9');
  });

  describe('where the proxies write Forwarded (RFC 7239)', () => {
    const told = async (trustProxy: number, headers: Record<string, string>) =>
      (
        await gateway([echo], { settings: { trustProxy, trustProxyHeader: 'forwarded' } })
          .http.get('/v1/books/1')
          .set(headers)
      ).body.title as string;

    it('is what they say there', async () => {
      const Forwarded = 'for=203.0.113.7, for="[2001:DB8::9]:4711";proto=https;by=203.0.113.60, For=198.51.100.9';
      expect(await told(1, { Forwarded })).toBe('198.51.100.9');
      expect(await told(2, { Forwarded })).toBe('2001:db8::9');
      expect(await told(1, { Forwarded: 'for=203.0.113.7, for=_hidden' })).toBe('_hidden');
    });

    it('S34 is not what a client says in another header, or spoils this one with', async () => {
      expect(await told(1, { ...forged, Forwarded: 'for=192.0.2.1' })).toBe('192.0.2.1');
      expect(await told(1, { ...forged, Forwarded: 'for=192.0.2.1', Connection: 'forwarded' })).toBe('192.0.2.1');
      for (const Forwarded of ['for="192.0.2.1, for=192.0.2.2', 'for=192.0.2.1, proto=https', 'nonsense']) {
        expect(await told(1, { Forwarded }), Forwarded).toBe('127.0.0.1');
      }
      expect(await told(1, forged)).toBe('127.0.0.1');
      expect(await told(0, { Forwarded: 'for=192.0.2.1' })).toBe('127.0.0.1');
    });

    it('S34 is not what Forwarded says where they write X-Forwarded-For', async () => {
      const { http } = gateway([echo], { settings: { trustProxy: 1 } });
      expect((await http.get('/v1/books/1').set('Forwarded', 'for=192.0.2.1')).body.title).toBe('127.0.0.1');
    });
  });
});
