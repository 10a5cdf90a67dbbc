import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { api, command, errors, query } from './contract.ts';
import { endpoint, fromIfMatch, fromPath, fromRequest, fromToken, type Endpoint } from './endpoint.ts';

const { bookNotFound, outdated } = errors('library', {
  bookNotFound: ['not-found', 'There is no such book.'],
  outdated: ['conflict', 'Somebody changed this meanwhile.'],
});
const Book = z.object({ id: z.string(), title: z.string(), version: z.int() });
const LibraryApi = api('library', {
  findBooks: query(1, {
    input: z.object({ readerId: z.string(), title: z.string() }),
    output: z.object({ data: z.array(Book) }),
    errors: [],
  }),
  renameBook: command(1, {
    input: z.object({
      bookId: z.string().max(5),
      readerId: z.string(),
      title: z.string(),
      network: z.string(),
      expectedVersion: z.int().optional(),
    }),
    output: Book,
    errors: [bookNotFound, outdated],
  }),
  awaitPrint: query(1, { input: z.object({ bookId: z.string(), timeout: z.int() }), output: Book, errors: [] }),
});

const renaming = endpoint(LibraryApi.renameBook, 'PUT /v1/books/{book}', {
  summary: 'Rename it',
  access: 'user',
  versioned: true,
  input: {
    bookId: fromPath('book'),
    readerId: fromToken('userId'),
    network: fromRequest(({ address }) => address),
    expectedVersion: fromIfMatch(outdated),
  },
  headers: ({ id }) => ({ location: `/v1/books/${id}` }),
  settle: { by: LibraryApi.awaitPrint, input: ({ version }, { bookId }) => ({ bookId: `${bookId}-${version}` }) },
});

const request = {
  path: { book: 'emma' },
  query: undefined,
  body: { title: 'Emma' },
  principal: { userId: 'ada', sessionId: 'one', roles: ['librarian'] },
  address: '10.0.0.1',
  headers: {},
  rawBody: undefined,
  ifMatch: 3,
  wait: 2_000,
};
/** A module that answers what it was asked. */
const echo = {
  findBooks: async (input: unknown) => ({ asked: input }),
  renameBook: async (input: object) => ({ id: 'emma', version: 4, asked: input }),
  awaitPrint: async (input: object, options: unknown) => ({ asked: input, options }),
};
const handled = (made: Endpoint, fields: object = {}) => made.handle({ ...request, ...fields } as never, echo as never);
const fieldsOf = (schema: z.ZodObject | undefined) => schema && Object.keys(schema.shape);

describe('an endpoint of an operation', () => {
  it('takes as its body what comes from nowhere else, and checks the path as the operation does', () => {
    expect(fieldsOf(renaming.body)).toEqual(['title']);
    expect(fieldsOf(renaming.path)).toEqual(['book']);
    expect(renaming.query).toBeUndefined();
    expect(renaming.path?.safeParse({ book: 'too long' }).success).toBe(false);
  });

  it('takes it from the query when it reads', () => {
    const finding = endpoint(LibraryApi.findBooks, 'GET /v1/books', {
      summary: 'Find',
      access: 'user',
      input: { readerId: fromToken('userId') },
    });
    expect([fieldsOf(finding.query), finding.body]).toEqual([['title'], undefined]);
    return expect(handled(finding, { query: { title: 'Em' } })).resolves.toMatchObject({
      status: 200,
      body: { asked: { readerId: 'ada', title: 'Em' } },
    });
  });

  it('calls the operation with all of its input, and answers what it gives', async () => {
    const asked = { title: 'Emma', bookId: 'emma', readerId: 'ada', network: '10.0.0.1', expectedVersion: 3 };
    expect(await handled(renaming)).toEqual({
      status: 200,
      body: { id: 'emma', version: 4, asked },
      version: 4,
      headers: { location: '/v1/books/emma' },
    });
  });

  it('takes nothing of the body for what comes from the token', async () => {
    const { body } = await handled(renaming, { body: { title: 'Emma', readerId: 'eve' } });
    expect(body).toMatchObject({ asked: { readerId: 'ada' } });
  });

  it('is refused where it takes from the token what anyone may come without', () => {
    const declare = () =>
      endpoint(LibraryApi.findBooks, 'GET /v1/books', {
        summary: 'Find',
        access: 'anyone',
        input: { readerId: fromToken('userId') },
      });
    expect(declare).toThrow('library.findBooks takes a field from the token');
  });

  it.each([{ scope: 'books:read' }, { recentLogin: true }])('is refused where it asks anyone for %o', (asked) => {
    const declare = () =>
      endpoint(LibraryApi.findBooks, 'GET /v1/books', { summary: 'Find', access: 'anyone', ...asked });
    expect(declare).toThrow('GET /v1/books lets in anyone');
  });

  it('has the errors of the operation unless it says otherwise', () => {
    expect(renaming.errors).toEqual([bookNotFound, outdated]);
    const other = endpoint(LibraryApi.findBooks, 'GET /v1/books', {
      summary: 'Find',
      access: 'anyone',
      errors: [bookNotFound],
    });
    expect(other.errors).toEqual([bookNotFound]);
  });

  it('has the version conflict that If-Match is declared with, and none without', () => {
    expect(renaming.versionConflict).toBe(outdated);
    expect(
      endpoint(LibraryApi.renameBook, 'POST /v1/books', { summary: 'Rename', access: 'user' }).versionConflict,
    ).toBeUndefined();
  });

  it('waits by the operation it names, for as long as the client does', async () => {
    const first = { status: 200, body: { id: 'emma', title: 'Emma', version: 4 }, headers: { location: '/' } };
    expect(await renaming.settle?.(request as never, echo as never, first as never)).toEqual({
      ...first,
      body: { asked: { bookId: 'emma-4', timeout: 2_000 }, options: { timeout: 7_000 } },
    });
  });

  it('keeps the output to itself when it answers 204', () => {
    expect(
      endpoint(LibraryApi.renameBook, 'POST /v1/books', { summary: 'Rename', access: 'user', status: 204 }).answers,
    ).toEqual({ status: 204 });
  });
});
