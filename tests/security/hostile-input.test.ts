/** Requests spoiled in every way that has broken other programs, thousands of them and always others, at every endpoint. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '#platform/endpoint.ts';
import type { Visitor } from '../acceptance/client.ts';
import { attacksOn } from './support/mutations.ts';
import { type RawReply, type RawRequest, sendRaw } from './support/raw-request.ts';
import {
  type Customer,
  declaredEndpoints,
  leastFor,
  purchase,
  type Purchase,
  type Shop,
  startShop,
} from './support/shop.ts';

/** Milliseconds of attack. */
const duration = 15_000;

const endpoints = await declaredEndpoints();
let shop: Shop;
let buyer: Customer;
let bought: Purchase;
let addressId: string;
beforeAll(async () => {
  shop = await startShop({ RATE_LIMIT_PER_MINUTE: '0', REQUEST_TIMEOUT: '20' });
  buyer = await shop.newCustomer();
  bought = await purchase(shop, buyer);
  const address = { recipient: 'Ada', line1: '1 Any Street', city: 'Anytown', postalCode: '12345', country: 'DE' };
  addressId = (await buyer.post('/v1/users/me/addresses', address)).body.id;
});
afterAll(() => shop.stop());

/** Ids that lead somewhere, so that attacks get past the first look-up. */
const realIds = ({ url }: Endpoint): Record<string, string> => {
  if (url.startsWith('/v1/orders')) return { id: bought.orderId };
  if (url.startsWith('/v1/payments')) return { id: bought.paymentId, provider: 'sandbox' };
  return url.startsWith('/v1/products') ? { sku: bought.sku } : { id: addressId };
};

interface Attack {
  readonly request: RawRequest;
  readonly as: Visitor;
}
const attacks = (): fc.Arbitrary<Attack> =>
  fc
    .constantFrom(...endpoints)
    .chain((endpoint) =>
      fc.record({
        request: attacksOn(endpoint, fc.constantFrom<Record<string, string>>({}, realIds(endpoint), realIds(endpoint))),
        as: fc.constant(leastFor(endpoint) === 'admin' ? shop.keeper : buyer),
      }),
    )
    // Who erases their account has nothing to attack with any more.
    .filter(({ request: { method, target } }) => method !== 'DELETE' || !/^\/v1\/users\/me\/?(\?|$)/.test(target));

const internals =
  /\b(select|insert into|update) .*\b(from|values|set)\b|relation "|prisma|node_modules|\n\s+at |at file:|SyntaxError|ZodError/i;

function judge({ method }: RawRequest, { status, headers, text }: RawReply): void {
  expect(status).toBeLessThan(500);
  expect(headers).not.toHaveProperty('x-evil');
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(text.length).toBeLessThan(200_000);
  if (status < 400 || method === 'HEAD') return;
  expect(headers['content-type']).toBe('application/problem+json');
  expect(JSON.parse(text)).toMatchObject({
    status,
    code: expect.stringMatching(/^[a-z]+\.[a-z-]+$/),
    requestId: expect.any(String),
  });
  expect(text).not.toMatch(internals);
}

describe('no request whatever', () => {
  it('S36 makes the program fail, shows its inside, or changes how it works', async () => {
    const sent: string[] = [];
    const property = fc.asyncProperty(attacks(), async ({ request, as }) => {
      sent.push(request.target);
      const headers = { authorization: `Bearer ${as.accessToken}`, ...request.headers };
      judge(request, await sendRaw(shop.url, { ...request, headers }));
    });
    // On a busy machine it takes longer until something was tried.
    do
      await fc.assert(property, { numRuns: 100_000, interruptAfterTimeLimit: duration, markInterruptAsFailure: false });
    while (sent.length <= 50);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect((await buyer.get('/v1/users/me')).status, 'the attacker was let in all the time').toBe(200);
    expect((await buyer.get('/readyz')).body.status).toBe('ok');
    expect(shop.program.logged.join('\n')).not.toMatch('"level":"error"');
  });

  it.each([
    [
      'a product',
      () => shop.keeper.send('PATCH', `/v1/products/${bought.sku}`, { stock: 1 }, { 'if-match': '"2147483648"' }),
    ],
    ['a profile', () => buyer.send('PATCH', '/v1/users/me', { name: 'Ada' }, { 'if-match': '"999999999999999"' })],
    ['an address', () => buyer.send('DELETE', `/v1/users/me/addresses/${addressId}`, undefined, { 'if-match': '"0"' })],
  ])('changes %s of a version that no column can hold', async (_, change) => {
    expect((await change()).status).toBe(412);
  });

  it.each([
    [
      'a name',
      () =>
        buyer.post('/v1/auth/register', {
          email: 'nul@example.com',
          password: 'a password that is long',
          name: 'A\u0000da',
        }),
    ],
    [
      'half a name',
      () =>
        buyer.post('/v1/auth/register', {
          email: 'nul@example.com',
          password: 'a password that is long',
          name: 'Ada \ud83d',
        }),
    ],
    [
      'a payment token',
      () => buyer.post('/v1/orders', { items: [{ sku: bought.sku, quantity: 1 }], paymentToken: 'tok_\u0000' }),
    ],
    [
      'half a payment token',
      () => buyer.post('/v1/orders', { items: [{ sku: bought.sku, quantity: 1 }], paymentToken: 'tok_\udc0e' }),
    ],
    ['a reason', () => shop.keeper.post(`/v1/payments/${bought.paymentId}/refunds`, { amount: 1, reason: '\u0000' })],
    ['a path', () => buyer.get('/v1/products/a%00b')],
    ['a cursor', () => buyer.get('/v1/products?cursor=%00')],
  ])('stores what PostgreSQL cannot hold in %s', async (_, ask) => {
    const { status, body } = await ask();
    expect([status, body.code]).toEqual([400, 'platform.invalid-request']);
  });

  it.each([
    '../package.json',
    '..%2f..%2fpackage.json',
    '%2e%2e/%2e%2e/etc/passwd',
    'page.html',
    'page.js/../../../package.json',
    '.',
    'page.js%00.html',
  ])('reads the file %s', async (name) => {
    const { status, text } = await sendRaw(shop.url, {
      method: 'GET',
      target: `/docs/${name}`,
      headers: {},
      body: undefined,
    });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).not.toMatch(/"dependencies"|root:|<html/);
  });
});
