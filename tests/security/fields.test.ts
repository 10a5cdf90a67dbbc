/** Fields in and out: the declared ones, within bounds, and no others. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { Endpoint } from '#platform/endpoint.ts';
import { strict } from '#runtime/http/strict-schema.ts';
import { type Reply, Visitor } from '../acceptance/client.ts';
import { exampleOf, type JsonSchema, jsonSchemaOf } from './support/samples.ts';
import { declaredEndpoints, leastFor, nameOf, send, type Shop, startShop } from './support/shop.ts';
import { tellStory } from './support/story.ts';
import { routeFinder } from '../../src/gateway/routes.ts';

const endpoints = await declaredEndpoints();
const named = (some: readonly Endpoint[]) => some.map((endpoint) => [nameOf(endpoint), endpoint] as const);
const bodyLimit = 20_000;

let shop: Shop;
let people: Readonly<Record<ReturnType<typeof leastFor>, Visitor>>;
beforeAll(async () => {
  shop = await startShop({ BODY_LIMIT: String(bodyLimit), REQUEST_TIMEOUT: '2' });
  people = { anyone: new Visitor(shop.url), user: await shop.newCustomer(), admin: shop.keeper };
});
afterAll(() => shop.stop());

/** Every object in a value, as a JSON Pointer and as the value with a field more there. */
function* withFieldMore(value: unknown, name: string, pointer = ''): Generator<{ pointer: string; value: unknown }> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value))
    yield {
      pointer,
      value: JSON.parse(`{${JSON.stringify(name)}:true,${JSON.stringify(value).slice(1)}`.replace(',}', '}')),
    };
  for (const [field, part] of Object.entries(value)) {
    for (const deeper of withFieldMore(part, name, `${pointer}/${field}`)) {
      const copy: Record<string, unknown> = Array.isArray(value) ? ([...value] as never) : { ...value };
      copy[field] = deeper.value;
      yield { pointer: deeper.pointer, value: copy };
    }
  }
}

describe('a request with a field that is not declared', () => {
  const takingJson = endpoints.filter(({ method, rawBody }) => method !== 'GET' && !rawBody);

  it.each(named(takingJson))('S31 in its body is refused by %s, at every depth', async (_, endpoint) => {
    const example = exampleOf(endpoint);
    const before = await shop.snapshot();
    for (const name of ['isAdmin', '__proto__', 'constructor']) {
      for (const { pointer, value } of withFieldMore(example.body ?? {}, name)) {
        const { status, body } = await send(people[leastFor(endpoint)], endpoint, { ...example, body: value as never });
        expect(status, JSON.stringify(value)).toBe(400);
        expect(body.errors).toContainEqual({ path: `${pointer}/${name}`, message: 'There is no such field.' });
      }
    }
    expect(await shop.snapshot()).toEqual(before);
  });

  it.each(named(endpoints))('S31 in its query is refused by %s', async (_, endpoint) => {
    const example = exampleOf(endpoint);
    const before = await shop.snapshot();
    for (const name of ['isAdmin', '__proto__', 'customerId', 'userId']) {
      const { status, body } = await send(people[leastFor(endpoint)], endpoint, {
        ...example,
        query: { ...example.query, [name]: 'x' },
      });
      expect(status).toBe(400);
      expect(body.errors).toContainEqual({ path: `/${name}`, message: 'There is no such field.' });
    }
    expect(await shop.snapshot()).toEqual(before);
  });
});

/** JSON Lines as the list that they are. */
const bodyOf = ({ answers }: Endpoint, { body }: Reply): unknown =>
  answers.jsonLines
    ? String(body)
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : body;

describe('every answer', () => {
  it('S31 holds what is declared for it and nothing else', async () => {
    const { exchanged } = await tellStory(shop);
    const routeOf = routeFinder(endpoints);
    const answered = new Set<Endpoint>();
    for (const { method, target, reply } of exchanged) {
      const endpoint = routeOf(method, target);
      if (!endpoint || reply.status >= 300) continue;
      answered.add(endpoint);
      expect(reply.status, nameOf(endpoint)).toBe(endpoint.answers.status);
      if (endpoint.answers.body)
        expect(
          strict(endpoint.answers.body).safeParse(bodyOf(endpoint, reply)).error,
          nameOf(endpoint),
        ).toBeUndefined();
      else expect(reply.body, nameOf(endpoint)).toBe('');
    }
    const unanswered = endpoints.filter((endpoint) => !answered.has(endpoint)).map(nameOf);
    expect(unanswered, 'the story has to make each endpoint succeed').toEqual([]);
  });

  it('S31 has no room for the secrets of an account', () => {
    const fields = endpoints.flatMap(({ answers }) => (answers.body ? fieldsOf(jsonSchemaOf(answers.body)) : []));
    expect(fields.length).toBeGreaterThan(50);
    const secret = fields.filter((name) => /password|hash|secret|private|paymentToken/i.test(name));
    const told = new Set(secret.filter((name) => name !== 'mustChangePassword'));
    expect(told, 'once, to the administrator who asks for it').toEqual(new Set(['clientSecret']));
  });

  it('S31 tells where somebody was to themselves and to staff alone', () => {
    const telling = endpoints.filter(
      ({ access, answers }) =>
        access !== 'admin' && answers.body && fieldsOf(jsonSchemaOf(answers.body)).includes('network'),
    );
    expect(telling.map(nameOf).sort()).toEqual([
      'GET /v1/auth/accounts/{userId}',
      'GET /v1/auth/sessions',
      'GET /v1/users/me/export',
    ]);
  });
});

const fieldsOf = ({ properties = {}, items, anyOf = [] }: JsonSchema): string[] => [
  ...Object.entries(properties).flatMap(([name, schema]) => [name, ...fieldsOf(schema)]),
  ...(items ? fieldsOf(items) : []),
  ...anyOf.flatMap(fieldsOf),
];

/** Every place in a schema where a client decides how much there is, and nothing says how much there may be. */
function unboundedIn(schema: JsonSchema, place: string): string[] {
  const {
    type,
    enum: choices,
    const: only,
    format,
    pattern = '',
    maxLength,
    maximum,
    maxItems,
    items,
    properties = {},
    anyOf = [],
  } = schema;
  const inside = [
    ...Object.entries(properties).flatMap(([name, field]) => unboundedIn(field, `${place}/${name}`)),
    ...(items ? unboundedIn(items, `${place}/*`) : []),
    ...anyOf.flatMap((choice) => unboundedIn(choice, place)),
  ];
  const endless = /(?<!\\)[*+]|\{\d+,\}/.test(pattern);
  const bounded =
    choices !== undefined ||
    only !== undefined ||
    type === 'boolean' ||
    type === 'null' ||
    type === 'object' ||
    anyOf.length > 0 ||
    (type === 'string' && (maxLength !== undefined || format === 'uuid' || (pattern !== '' && !endless))) ||
    ((type === 'integer' || type === 'number') && maximum !== undefined) ||
    (type === 'array' && maxItems !== undefined);
  return bounded ? inside : [place, ...inside];
}

describe('what a client can make of a request', () => {
  const schemas = ({ path, query, body }: Endpoint) =>
    [path, query, body].filter((schema): schema is z.ZodObject => schema !== undefined);

  it.each(named(endpoints))('S32 is bounded in every field of %s', (_, endpoint) => {
    expect(schemas(endpoint).flatMap((schema) => unboundedIn(jsonSchemaOf(schema), ''))).toEqual([]);
  });

  it('S32 is found out when it is not bounded', () => {
    const loose = {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'array', items: { type: 'string', pattern: '^x*$' } } },
    };
    expect(unboundedIn(loose, '')).toEqual(['/a', '/b', '/b/*']);
  });

  it.each(named(endpoints.filter(({ method }) => method !== 'GET')))(
    'S32 is bounded in bytes and depth for %s',
    async (_, endpoint) => {
      const { method, url, rawBody } = endpoint;
      const target = url.replace(/\{\w+\}/g, 'x');
      const large = await people[leastFor(endpoint)].send(method, target, JSON.stringify({ a: 'x'.repeat(bodyLimit) }));
      expect([large.status, large.body.code]).toEqual([413, 'platform.body-too-large']);
      if (rawBody) return;
      const deep = await people[leastFor(endpoint)].send(method, target, `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`);
      expect([deep.status, deep.body.code]).toEqual([400, 'platform.malformed-body']);
    },
  );

  const paged = endpoints.filter(
    ({ answers }) => answers.body && 'nextCursor' in (jsonSchemaOf(answers.body).properties ?? {}),
  );
  it.each(named(paged))('S32 is 100 items at once from %s', async (_, endpoint) => {
    expect(jsonSchemaOf(endpoint.query!).properties?.limit?.maximum).toBeLessThanOrEqual(100);
    for (const limit of ['0', '101', '1e9', '-1'])
      expect((await send(people[leastFor(endpoint)], endpoint, { query: { limit } })).status).toBe(400);
  });

  it('S32 does not wait for what others have locked', async () => {
    await shop.sql('BEGIN');
    await shop.sql('LOCK TABLE orders.products');
    const began = performance.now();
    const answer = await people.anyone.get('/v1/products').finally(() => shop.sql('ROLLBACK'));
    expect(performance.now() - began).toBeLessThan(60_000);
    expect([answer.status, answer.body.code, answer.headers.get('retry-after')]).toEqual([
      503,
      'platform.unavailable',
      '1',
    ]);
  });

  it('S37 names no address that the program would call', () => {
    const addresses = endpoints.flatMap((endpoint) =>
      schemas(endpoint).flatMap(
        (schema) =>
          JSON.stringify(jsonSchemaOf(schema)).match(
            /"format":"(?:uri|hostname|ipv4|ipv6)"|"\w*(?:url|uri|host|callback|redirect|endpoint)\w*":\{/gi,
          ) ?? [],
      ),
    );
    // People's browsers are sent to the first two. The third is called, and only an administrator can name it.
    const known = ['redirectUris', 'postLogoutRedirectUris', 'backchannelLogoutUri'].map((name) => `"${name}":{`);
    expect(new Set(addresses), 'a new one must be kept from private networks').toEqual(new Set(known));
  });
});
