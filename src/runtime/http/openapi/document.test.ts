import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { api } from '#platform/contract.ts';
import { errors } from '#platform/errors.ts';
import { endpoint, type Endpoint } from '#platform/endpoint.ts';
import { openApiDocument } from './document.ts';

const LibraryApi = api('library', {});
const { bookLent, bookNotFound } = errors('library', {
  bookLent: ['conflict', 'The book is lent.'],
  bookNotFound: ['not-found', 'There is no such book.'],
});
const Money = z.object({ amount: z.int(), currency: z.enum(['EUR', 'USD']) }).meta({ id: 'Money' });
const Book = z
  .object({ id: z.uuid(), title: z.string(), fee: Money, addedAt: z.iso.datetime(), due: z.iso.date().nullable() })
  .meta({ id: 'Book' });
const path = z.object({ id: z.uuid() });
const handle = async () => ({ status: 200 }) as never;
const scopes = { 'loans:read': 'See your loans', 'loans:write': 'Lend for you' };
const about = { version: '1.2.3', publicUrl: 'https://library.example' };

const readBook = endpoint(LibraryApi, 'GET /v1/books/{id}', {
  summary: 'One book',
  access: 'anyone',
  versioned: true,
  path,
  answers: { status: 200, body: Book },
  errors: [bookNotFound],
  handle,
});
const changeBook = endpoint(LibraryApi, 'PATCH /v1/books/{id}', {
  summary: 'Change it',
  access: 'admin',
  versioned: true,
  versionConflict: bookLent,
  path,
  body: z.object({ fee: Money.optional() }),
  answers: { status: 200, body: Book },
  handle,
});
const borrow = endpoint(LibraryApi, 'POST /v1/books/{id}/loans', {
  summary: 'Borrow it',
  description: 'Until it is due.',
  access: 'user',
  idempotent: true,
  settle: handle,
  deprecated: { since: '2026-01-01', sunset: '2027-01-01' },
  path,
  body: z.object({ days: z.int().min(1).max(30).default(14), note: z.string().max(100).optional() }),
  answers: { status: 201, body: z.object({ book: Book }) },
  errors: [bookLent, bookNotFound],
  handle,
});
const list = endpoint(LibraryApi, 'GET /v1/books', {
  summary: 'All books',
  access: 'user',
  query: z.object({ limit: z.int().min(1).max(100).default(20).describe('how many'), title: z.string() }),
  answers: { status: 200, body: z.object({ data: z.array(Book), nextCursor: z.string().nullable() }) },
  handle,
});
const webhook = endpoint(LibraryApi, 'POST /v1/webhooks', {
  summary: 'From outside',
  access: 'anyone',
  rawBody: true,
  answers: { status: 204 },
  handle,
});

// oxlint-disable-next-line typescript/no-explicit-any -- the document is what these tests look into
const describing = (...endpoints: Endpoint[]): any => openApiDocument([{ name: 'library', endpoints, scopes }], about);
const all = describing(readBook, changeBook, borrow, list, webhook);

describe('the OpenAPI document', () => {
  it('is valid by the schema of OpenAPI 3.1', async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(all))).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
    const broken = { ...all, paths: { '/x': { get: { responses: 'none' } } } };
    expect((await new Validator().validate(broken)).valid, 'the validator can tell').toBe(false);
  });

  it('has every endpoint under its module, with an id of its own', () => {
    const operations = Object.entries<Record<string, { operationId: string; tags: string[] }>>(all.paths).flatMap(
      ([url, methods]) =>
        Object.entries(methods).map(([method, { operationId, tags }]) => `${method} ${url} ${operationId} ${tags}`),
    );
    expect(operations).toEqual([
      'get /v1/books/{id} getBooksById library',
      'patch /v1/books/{id} patchBooksById library',
      'post /v1/books/{id}/loans postBooksByIdLoans library',
      'get /v1/books getBooks library',
      'post /v1/webhooks postWebhooks library',
    ]);
  });

  it('tells who may call', () => {
    expect(all.paths['/v1/books/{id}'].get.security).toEqual([]);
    expect(all.paths['/v1/books'].get.security).toEqual([{ bearer: [] }]);
    expect(all.paths['/v1/books/{id}'].patch.description).toContain('administrators');
    expect(all.components.securitySchemes.bearer).toEqual({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' });
  });

  it('tells which role, scope and recent login an endpoint needs', () => {
    const answers = { status: 204 };
    const lend = endpoint(LibraryApi, 'POST /v1/loans', {
      summary: 'Lend',
      description: 'For two weeks.',
      access: { role: 'librarian' },
      scope: 'loans:write',
      recentLogin: true,
      answers,
      handle,
    });
    const read = endpoint(LibraryApi, 'GET /v1/loans', {
      summary: 'Loans',
      access: 'user',
      scope: 'loans:read',
      answers,
      handle,
    });
    const { paths, components } = describing(lend, read, list);
    expect(paths['/v1/loans'].post).toMatchObject({
      security: [{ bearer: ['librarian'] }, { oauth: ['loans:write'] }],
      description: 'For people with the role `librarian`. Takes a login within the last 15 minutes. For two weeks.',
    });
    expect(paths['/v1/loans'].get.security).toEqual([{ bearer: [] }, { oauth: ['loans:read'] }]);
    expect(paths['/v1/books'].get.security).toEqual([{ bearer: [] }]);
    const { authorizationCode, clientCredentials } = components.securitySchemes.oauth.flows;
    expect(authorizationCode.scopes).toEqual(scopes);
    expect(authorizationCode).toMatchObject({
      authorizationUrl: 'https://library.example/oauth/authorize',
      tokenUrl: 'https://library.example/oauth/token',
    });
    expect(clientCredentials.scopes).toEqual(authorizationCode.scopes);
    expect(components.responses.UnauthenticatedOrRecentLoginRequired).toBeDefined();
    expect(components.responses.ForbiddenOrInsufficientScope).toBeDefined();
  });

  it('has path and query fields as parameters', () => {
    expect(all.paths['/v1/books'].get.parameters).toEqual([
      {
        name: 'limit',
        in: 'query',
        required: false,
        description: 'how many',
        schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
      },
      { name: 'title', in: 'query', required: true, schema: { type: 'string' } },
    ]);
    expect(all.paths['/v1/books/{id}'].get.parameters[0]).toEqual({
      name: 'id',
      in: 'path',
      required: true,
      schema: { type: 'string', format: 'uuid' },
    });
  });

  it('has the headers that an endpoint takes and sends', () => {
    const headersOf = (path: string, method: string) =>
      all.paths[path][method].parameters.flatMap(
        ({ $ref }: { $ref?: string }) => $ref?.replace('#/components/parameters/', '') ?? [],
      );
    expect(headersOf('/v1/books/{id}', 'get')).toEqual(['IfNoneMatch']);
    expect(headersOf('/v1/books/{id}', 'patch')).toEqual(['IfMatch']);
    expect(headersOf('/v1/books/{id}/loans', 'post')).toEqual(['IdempotencyKey', 'PreferWait']);
    expect(Object.keys(all.paths['/v1/books/{id}'].get.responses[200].headers)).toContain('ETag');
    expect(all.paths['/v1/books/{id}'].get.responses[304]).toBeDefined();
    expect(Object.keys(all.paths['/v1/books/{id}/loans'].post.responses[201].headers)).toEqual(
      expect.arrayContaining([
        'Location',
        'Idempotency-Replayed',
        'Preference-Applied',
        'X-Request-Id',
        'RateLimit',
        'Deprecation',
        'Sunset',
      ]),
    );
    expect(all.paths['/v1/books/{id}/loans'].post.deprecated).toBe(true);
  });

  it('shares what has a name, and says of bodies what is refused and of answers nothing that may change', () => {
    expect(all.components.schemas.Book).toMatchObject({
      type: 'object',
      properties: { fee: { $ref: '#/components/schemas/Money' } },
    });
    expect(all.components.schemas.Book).not.toHaveProperty('additionalProperties');
    expect(all.components.schemas.Book.properties.addedAt).toEqual({ type: 'string', format: 'date-time' });
    expect(all.paths['/v1/books/{id}'].get.responses[200].content['application/json'].schema).toEqual({
      $ref: '#/components/schemas/Book',
    });
    const { schema } = all.paths['/v1/books/{id}'].patch.requestBody.content['application/json'];
    expect(schema).toMatchObject({
      additionalProperties: false,
      properties: { fee: { $ref: '#/components/schemas/MoneyInput' } },
    });
    expect(all.components.schemas.MoneyInput.additionalProperties).toBe(false);
  });

  it('tells apart what two modules call the same', () => {
    const Other = z.object({ cents: z.int() }).meta({ id: 'Money' });
    const fine = endpoint(api('fines', {}), 'GET /v1/fines', {
      summary: 'x',
      access: 'anyone',
      answers: { status: 200, body: Other },
      handle,
    });
    // oxlint-disable-next-line typescript/no-explicit-any
    const both: any = openApiDocument(
      [
        { name: 'library', endpoints: [readBook], scopes },
        { name: 'fines', endpoints: [fine], scopes: {} },
      ],
      about,
    );
    expect(both.paths['/v1/fines'].get.responses[200].content['application/json'].schema).toEqual({
      $ref: '#/components/schemas/FinesMoney',
    });
    expect(both.components.schemas.Money.properties).toHaveProperty('amount');
    expect(both.components.schemas.FinesMoney.properties).toHaveProperty('cents');
  });

  it('takes two of one name in one answer', () => {
    const Other = z.object({ cents: z.int() }).meta({ id: 'Money' });
    const bill = endpoint(LibraryApi, 'GET /v1/bill', {
      summary: 'x',
      access: 'anyone',
      answers: { status: 200, body: z.object({ fee: Money, fine: Other }) },
      handle,
    });
    const { properties } = describing(bill).paths['/v1/bill'].get.responses[200].content['application/json'].schema;
    expect(properties).toEqual({
      fee: { $ref: '#/components/schemas/Money' },
      fine: { $ref: '#/components/schemas/LibraryMoney' },
    });
  });

  it('knows whether a body can be left out', () => {
    expect(all.paths['/v1/books/{id}/loans'].post.requestBody.required).toBe(false);
    expect(all.paths['/v1/webhooks'].post.requestBody).toEqual({ required: true, content: { '*/*': {} } });
  });

  it('has every problem by status, with an example of each code', () => {
    const { responses } = all.paths['/v1/books/{id}/loans'].post;
    expect(Object.keys(responses)).toEqual([
      '201',
      '400',
      '401',
      '403',
      '404',
      '408',
      '409',
      '413',
      '415',
      '422',
      '429',
      '500',
      '503',
    ]);
    const conflict = responses[409].content['application/problem+json'];
    expect(conflict.schema).toEqual({ $ref: '#/components/schemas/Problem' });
    expect(Object.keys(conflict.examples)).toEqual(['library.book-lent', 'platform.idempotency-key-in-use']);
    expect(conflict.examples['library.book-lent'].value).toMatchObject({
      status: 409,
      code: 'library.book-lent',
      title: 'The book is lent.',
    });
    expect(responses[429]).toEqual({ $ref: '#/components/responses/TooManyIdempotencyKeysOrTooManyRequests' });
    expect(Object.keys(all.components.responses.TooManyIdempotencyKeysOrTooManyRequests.headers)).toContain(
      'Retry-After',
    );
  });
});
