/** Who may reach what: every route of every module, with everybody who could ask. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '#platform/endpoint.ts';
import { parameterNames } from '#runtime/http/request-reader.ts';
import { exampleOf, jsonSchemaOf } from './support/samples.ts';
import {
  connectIdentity,
  type Customer,
  declaredEndpoints,
  leastFor,
  nameOf,
  type Purchase,
  purchase,
  send,
  type Shop,
  startShop,
} from './support/shop.ts';

const endpoints = await declaredEndpoints();
const named = (some: readonly Endpoint[]) => some.map((endpoint) => [nameOf(endpoint), endpoint] as const);

let shop: Shop;
beforeAll(async () => {
  shop = await startShop();
});
afterAll(() => shop.stop());

type Victim = Purchase & { person: Customer; addressId: string; identityId: string; applicationId: string };

const address = { recipient: 'The Victim', line1: '1 Any Street', city: 'Anytown', postalCode: '12345', country: 'DE' };

async function aVictim(): Promise<Victim> {
  const person = await shop.newCustomer();
  const bought = await purchase(shop, person);
  const { body } = await person.post('/v1/users/me/addresses', address);
  const application = { kind: 'machine', redirectUris: [], postLogoutRedirectUris: [], scopes: [], roles: [] };
  const registered = await shop.keeper.post('/v1/auth/applications', { name: 'The robot', ...application });
  const { applicationId } = registered.body;
  return {
    person,
    ...bought,
    addressId: body.id,
    identityId: await connectIdentity(shop, person.userId),
    applicationId,
  };
}

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());

/** Whose the ids in paths are. Ids of everybody are of use to everybody. */
const ids: Readonly<Record<string, { of: (victim: Victim) => string; everybodys?: boolean }>> = {
  '/v1/auth/accounts/{userId}': { of: ({ person }) => person.userId },
  '/v1/auth/identities/{identityId}': { of: ({ identityId }) => identityId },
  '/v1/auth/sessions/{id}': { of: ({ person }) => claimsOf(person.accessToken!).sid },
  '/v1/auth/applications/{applicationId}': { of: ({ applicationId }) => applicationId },
  '/v1/auth/consents/{applicationId}': { of: ({ applicationId }) => applicationId, everybodys: true },
  '/v1/orders/{id}': { of: ({ orderId }) => orderId },
  '/v1/payments/{id}': { of: ({ paymentId }) => paymentId },
  '/v1/payments/webhooks/{provider}': { of: () => 'sandbox', everybodys: true },
  '/v1/products/{sku}': { of: ({ sku }) => sku, everybodys: true },
  '/v1/users/me/addresses/{id}': { of: ({ addressId }) => addressId },
};
const idOf = ({ url }: Endpoint, name: string) => ids[url.slice(0, url.indexOf(`{${name}}`) + name.length + 2)];

describe('an id of somebody else', () => {
  let attacker: Customer;
  let unharmed: Victim;
  beforeAll(async () => {
    attacker = await shop.newCustomer();
    unharmed = await aVictim();
  });
  const withIds = endpoints.filter(({ url }) => parameterNames(url).length > 0);

  it.each(named(withIds))('S29 is of no use in %s', async (_, endpoint) => {
    const victim = endpoint.method === 'GET' ? unharmed : await aVictim();
    const example = exampleOf(endpoint);
    const known = parameterNames(endpoint.url).map((name) => [name, idOf(endpoint, name)] as const);
    for (const [name, id] of known) expect(id, `whose {${name}} is: say so in "ids"`).toBeDefined();
    const real = { ...example, path: Object.fromEntries(known.map(([name, id]) => [name, id!.of(victim)])) };
    const owned = !known.every(([, id]) => id!.everybodys);

    const before = await shop.snapshot();
    const answer = await send(attacker, endpoint, real);
    if (owned) expect([403, 404]).toContain(answer.status);
    else expect(answer.status).toBeLessThan(500);
    if (answer.status >= 300) expect(await shop.snapshot()).toEqual(before);

    const entitled = await send(leastFor(endpoint) === 'admin' ? shop.keeper : victim.person, endpoint, real);
    expect(entitled.status, 'the ids were real').not.toBe(404);
  });

  /** Fields of the query and the body that take an id, such as a cursor. */
  const idFields = ({ query, body }: Endpoint) =>
    [query, body].flatMap((schema) =>
      Object.entries((schema && jsonSchemaOf(schema).properties) ?? {}).flatMap(([name, { format }]) =>
        format === 'uuid' ? [name] : [],
      ),
    );
  const taking = endpoints.filter((endpoint) => endpoint.access !== 'anyone' && idFields(endpoint).length > 0);

  it('S29 is taken by some lists', () => expect(taking.map(nameOf)).toContain('GET /v1/payments'));

  it.each(named(taking))('S29 lets %s show nothing of theirs', async (_, endpoint) => {
    const victim = unharmed;
    const before = await shop.snapshot();
    const theirs = [victim.orderId, victim.paymentId, victim.addressId, victim.person.userId];
    for (const field of idFields(endpoint)) {
      for (const id of theirs) {
        const { status, body } = await send(
          attacker,
          endpoint,
          endpoint.query ? { query: { [field]: id } } : { body: { ...exampleOf(endpoint).body, [field]: id } },
        );
        if (status < 300) for (const secret of theirs) expect(JSON.stringify(body)).not.toContain(secret);
      }
    }
    expect(await shop.snapshot()).toEqual(before);
  });

  it('S29 gives no answer of theirs under the idempotency key they used', async () => {
    const victim = await aVictim();
    const headers = { 'idempotency-key': randomUUID() };
    const placing = { items: [{ sku: victim.sku, quantity: 1 }], paymentToken: 'tok_visa' };
    const placed = await victim.person.post('/v1/orders', placing, headers);
    const cancelled = await victim.person.post(`/v1/orders/${victim.orderId}/cancel`, undefined, headers);
    expect([placed.status, cancelled.status]).toEqual([201, 200]);
    expect((await attacker.post(`/v1/orders/${victim.orderId}/cancel`, undefined, headers)).status).toBe(404);
    const own = await attacker.post('/v1/orders', placing, headers);
    expect(own.headers.get('idempotency-replayed')).toBeNull();
    expect(own.body).toMatchObject({ customerId: attacker.userId });
  });
});
