import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { currentContext } from '#platform/context.ts';
import { errors } from '#platform/errors.ts';
import { endpoint } from '#platform/endpoint.ts';
import { gateway, LibraryApi, somebody, tokenFor } from '../../tests/support/gateway.ts';

const { bookLent } = errors('library', { bookLent: ['conflict', 'The book is lent.'] });
const lending = endpoint(LibraryApi, 'POST /v1/books/{id}/loans', {
  summary: 'Borrow',
  access: 'anyone',
  path: z.object({ id: z.string() }),
  query: z.object({ coupon: z.string().optional() }),
  body: z.object({ password: z.string(), card: z.string().optional() }),
  answers: { status: 201, body: z.object({ token: z.string() }) },
  handle: async ({ path }) => {
    if (path.id === 'lent') throw bookLent();
    return { status: 201, body: { token: 'a-fresh-secret' } };
  },
});

describe('the log of requests', () => {
  it('has one line for each, with what is needed to find out about it', async () => {
    const { http, log } = gateway([lending]);
    const person = somebody();
    const { headers, text } = await http
      .post('/v1/books/7/loans')
      .set({ Authorization: `Bearer ${tokenFor(person)}`, 'X-Request-Id': 'seven', 'User-Agent': 'a browser' })
      .send({ password: 'hunter2' });
    const { lines } = log();
    expect(lines).toEqual([
      {
        time: expect.stringMatching(/^\d{4}-.*Z$/),
        level: 'info',
        message: 'POST /v1/books/{id}/loans 201',
        status: 201,
        milliseconds: expect.any(Number),
        bytes: text.length,
        requestId: 'seven',
        trace_id: headers.traceparent!.split('-')[1],
        span_id: headers.traceparent!.split('-')[2],
        principal: person.userId,
        network: '127.0.0.1',
        userAgent: 'a browser',
      },
    ]);
  });

  it('S40 holds no token, no body, no query, and nothing of the answer', async () => {
    const { http, log } = gateway([lending]);
    const token = tokenFor(somebody());
    await http
      .post('/v1/books/7/loans?coupon=SECRET-COUPON')
      .set('Authorization', `Bearer ${token}`)
      .send({ password: 'hunter2', card: '4242' });
    await http
      .post('/v1/books/7/loans?coupon=SECRET-COUPON')
      .set('Authorization', 'Bearer SECRET-NONSENSE')
      .send({ password: 'hunter2' });
    await http.post('/v1/books/7/loans').send({ password: { deep: 'hunter2' } });
    await http.get('/nothing/ada@example.com?token=SECRET-QUERY');
    const { text } = log();
    for (const secret of [
      'SECRET',
      'hunter2',
      '4242',
      'a-fresh-secret',
      token,
      token.split('.')[1]!,
      'ada@example.com',
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  it('S40 tells of refused tokens, and why', async () => {
    const { http, log } = gateway([lending]);
    await http
      .post('/v1/books/7/loans')
      .set('Authorization', `Bearer ${tokenFor(somebody(), { now: new Date(0) })}`)
      .send({ password: 'x' });
    expect(log().lines[0]).toMatchObject({ message: 'An access token was refused.', reason: 'jwt expired' });
  });

  it('S40 cannot be forged by what a client sends', async () => {
    const { http, log } = gateway([lending]);
    await http.get('/nothing%0A{"level":"error","message":"forged"}').set('X-Request-Id', 'a b').set('User-Agent', 'x');
    const { text, lines } = log();
    expect(text.trimEnd().split('\n')).toHaveLength(1);
    expect(lines[0]).toMatchObject({ level: 'info', message: 'GET unmatched 404', code: 'platform.not-found' });
  });

  it('names the problem that was answered', async () => {
    const { http, log } = gateway([lending]);
    await http.post('/v1/books/lent/loans').send({ password: 'x' });
    expect(log().lines[0]).toMatchObject({ status: 409, code: 'library.book-lent' });
  });

  it('leaves out probes that find nothing wrong', async () => {
    const { http, log } = gateway([], { checks: { database: () => Promise.reject(new Error('gone')) } });
    await http.get('/livez');
    await http.get('/metrics');
    await http.get('/readyz');
    expect(log().lines.map(({ message }) => message)).toEqual(['The check "database" fails.', 'GET /readyz 503']);
  });

  it('tells of a client that left, and the work learns of it', async () => {
    const begun = Promise.withResolvers<void>();
    const told = Promise.withResolvers<void>();
    const { app, log } = gateway(
      [
        endpoint(LibraryApi, 'GET /v1/books', {
          summary: 'Takes forever',
          access: 'anyone',
          answers: { status: 204 },
          async handle() {
            currentContext()!.signal.addEventListener('abort', () => told.resolve());
            begun.resolve();
            await told.promise;
            return { status: 204 };
          },
        }),
      ],
      { settings: { requestTimeout: 60_000 } },
    );
    const server = createServer(app).listen(0);
    try {
      const request = get({ port: (server.address() as AddressInfo).port, path: '/v1/books' });
      request.on('error', () => {});
      await begun.promise;
      request.destroy();
      await told.promise;
    } finally {
      server.close();
    }
    expect(log().lines).toMatchObject([{ message: 'GET /v1/books 499', status: 499 }]);
  });
});
