import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { errors } from '#platform/errors.ts';
import { endpoint, type Endpoint } from '#platform/endpoint.ts';
import { gateway, LibraryApi, somebody, tokenFor } from '../../../tests/support/gateway.ts';

const { outdated, bookLent } = errors('library', {
  outdated: ['conflict', 'Somebody changed this meanwhile.'],
  bookLent: ['conflict', 'The book is lent.'],
});
const Book = z.object({ title: z.string() });
const shared = { access: 'anyone' as const, versioned: true, answers: { status: 200, body: Book }, errors: [outdated] };

/** One book in version 3, and a change may name the version that it was made for. */
function shelf(lent = false) {
  const endpoints: Endpoint[] = [
    endpoint(LibraryApi, 'GET /v1/book', {
      ...shared,
      summary: 'The book',
      handle: async () => ({ status: 200, body: { title: 'Emma' }, version: 3 }),
    }),
    endpoint(LibraryApi, 'PUT /v1/book', {
      ...shared,
      summary: 'Another book',
      versionConflict: outdated,
      body: Book,
      async handle({ body, ifMatch }) {
        if (lent) throw bookLent();
        if (ifMatch !== undefined && ifMatch !== 3) throw outdated();
        return { status: 200, body, version: 4 };
      },
    }),
  ];
  return gateway(endpoints).http;
}

describe('reading something that has versions', () => {
  it('tells the version, and that it has to be asked for again', async () => {
    const { headers } = await shelf().get('/v1/book');
    expect(headers).toMatchObject({ etag: '"3"', 'cache-control': 'no-cache' });
  });

  it.each(['user', 'admin'] as const)(
    'is kept by no cache, not even that of a shared browser, when it takes a token of %s',
    async (access) => {
      const own = endpoint(LibraryApi, 'GET /v1/book', {
        ...shared,
        access,
        summary: 'Your book',
        handle: async () => ({ status: 200, body: { title: 'Emma' }, version: 3 }),
      });
      const { http } = gateway([own]);
      const read = () =>
        http.get('/v1/book').set('Authorization', `Bearer ${tokenFor({ ...somebody(), roles: ['admin'] })}`);
      expect((await read()).headers).toMatchObject({ etag: '"3"', 'cache-control': 'no-store' });
      expect((await read().set('If-None-Match', '"3"')).status, 'who kept it themselves need not load it again').toBe(
        304,
      );
    },
  );

  it.each(['"3"', 'W/"3"', '"1", "3"', '*'])(
    'is 304 without a body for a client that has If-None-Match: %s',
    async (tag) => {
      const { status, headers, text } = await shelf().get('/v1/book').set('If-None-Match', tag);
      expect(status).toBe(304);
      expect(headers.etag).toBe('"3"');
      expect(headers).not.toHaveProperty('content-length');
      expect(text).toBe('');
    },
  );

  it.each(['"2"', '3', 'W/"33"', ''])('is 200 for If-None-Match: %s', async (tag) => {
    expect((await shelf().get('/v1/book').set('If-None-Match', tag)).status).toBe(200);
  });
});

describe('changing something that has versions', () => {
  const change = (ifMatch?: string, lent?: boolean) => {
    const request = shelf(lent).put('/v1/book').send({ title: 'Persuasion' });
    return ifMatch === undefined ? request : request.set('If-Match', ifMatch);
  };

  it.each([undefined, '*', '"3"', ' "3" '])('goes ahead with If-Match: %s', async (ifMatch) => {
    const { status, headers } = await change(ifMatch);
    expect([status, headers.etag]).toEqual([200, '"4"']);
  });

  it.each(['"2"', 'W/"3"', '3', '"three"', '""', '"3x"'])('is 412 with If-Match: %s', async (ifMatch) => {
    const { status, body } = await change(ifMatch);
    expect([status, body.code]).toEqual([412, 'platform.precondition-failed']);
  });

  it('is 400 with more than one version, since only one can be meant', async () => {
    expect((await change('"2", "3"')).status).toBe(400);
  });

  it('is 400 for what no version would make right', async () => {
    expect((await change('"2"').send({ title: 5 })).status).toBe(400);
    expect((await change('W/"3"').send({ title: 5 })).status).toBe(400);
  });

  it('is 409 for a request that named no version', async () => {
    const overtaken = gateway([
      endpoint(LibraryApi, 'PUT /v1/book', {
        ...shared,
        summary: 'Another book',
        versionConflict: outdated,
        body: Book,
        handle: () => Promise.reject(outdated()),
      }),
    ]);
    const { status, body } = await overtaken.http.put('/v1/book').send({ title: 'Persuasion' });
    expect([status, body.code]).toEqual([409, 'library.outdated']);
  });

  it('keeps other conflicts what they are', async () => {
    const { status, body } = await change('"3"', true);
    expect([status, body.code]).toEqual([409, 'library.book-lent']);
  });
});
