/** Every route of every module, with every role, with tokens of applications, and long after the login. */
import { createPrivateKey, sign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Endpoint, roleFor } from '#platform/endpoint.ts';
import { Visitor } from '../acceptance/client.ts';
import { decisions } from './support/decisions.ts';
import { exampleOf } from './support/samples.ts';
import { type Customer, declaredEndpoints, nameOf, purchase, send, type Shop, startShop } from './support/shop.ts';

const endpoints = await declaredEndpoints();
const named = endpoints.map((endpoint) => [nameOf(endpoint), endpoint] as const);
const everyScope = [...new Set(endpoints.flatMap(({ scope }) => scope ?? []))];
const staff = ['support', 'catalogue', 'admin'] as const;
const roles = ['customer', ...staff] as const;
type Role = (typeof roles)[number];

let shop: Shop;
let signAs: (token: string, claims: Record<string, unknown>) => string;
const people = new Map<Role, Customer>();
let loggedOut: Customer;

beforeAll(async () => {
  shop = await startShop();
  const [row] = await shop.sql('SELECT private_key FROM auth.signing_keys ORDER BY generation');
  const key = createPrivateKey(row!.private_key as string);
  signAs = (token, claims) => {
    const [head, body] = token.split('.');
    const changed = { ...JSON.parse(Buffer.from(body!, 'base64url').toString()), ...claims };
    const data = `${head}.${Buffer.from(JSON.stringify(changed)).toString('base64url')}`;
    return `${data}.${sign('sha256', Buffer.from(data), key).toString('base64url')}`;
  };
  loggedOut = await shop.newCustomer();
  const { email, password } = loggedOut.person;
  const { body } = await loggedOut.post('/v1/auth/login', { email, password });
  loggedOut.accessToken = body.accessToken;
  await loggedOut.get('/v1/users/me');
  await loggedOut.post('/v1/auth/logout', { refreshToken: body.refreshToken });
});
afterAll(() => shop.stop());

/** Somebody with the role. Who was let in before may have lost their account or session by it. */
async function somebody(role: Role): Promise<Customer> {
  const known = people.get(role);
  if (known && (await known.get('/v1/users/me')).status === 200) return known;
  const person = await (role === 'customer' ? shop.newCustomer() : shop.newStaff(role));
  people.set(role, person);
  return person;
}

const bearing = (accessToken: string) => Object.assign(new Visitor(shop.url), { accessToken });
/** Somebody's own session, under a token that says something else. */
const claiming = async (role: Role, claims: Record<string, unknown>) =>
  bearing(signAs((await somebody(role)).accessToken!, claims));
const anApplication = (scopes: readonly string[]) => ({ client_id: 'an application', scope: scopes.join(' ') });
const longAgo = () => ({ auth_time: Math.floor(Date.now() / 1000) - 901 });

/** The gateway's own answers: a wrong password is 401 too. */
const refusals = ['unauthenticated', 'forbidden', 'insufficient-scope', 'recent-login-required'].map(
  (code) => `platform.${code}`,
);
type Verdict = string;
const verdictOf = ({ body }: { body: { code?: string } }): Verdict =>
  body.code !== undefined && refusals.includes(body.code) ? body.code.replace('platform.', '') : 'in';

interface Caller {
  readonly who: string;
  readonly visitor: () => Promise<Visitor>;
  readonly expected: Verdict;
}

/** Everybody who could ask, and what they should hear. */
function callersOf({ access, scope, recentLogin }: Endpoint): Caller[] {
  const open = access === 'anyone';
  const role = roleFor(access);
  const allowed = (mine: Role): Verdict =>
    role === undefined || mine === role || mine === 'admin' ? 'in' : 'forbidden';
  const others = everyScope.filter((name) => name !== scope);
  const inScope = scope === undefined && !open ? 'insufficient-scope' : undefined;
  return [
    { who: 'nobody', visitor: async () => new Visitor(shop.url), expected: open ? 'in' : 'unauthenticated' },
    { who: 'a logged out customer', visitor: async () => loggedOut, expected: open ? 'in' : 'unauthenticated' },
    ...roles.map((mine) => ({ who: mine, visitor: () => somebody(mine), expected: allowed(mine) })),
    {
      who: 'an application of an administrator, with all scopes but this one',
      visitor: () => claiming('admin', anApplication(others)),
      expected: open ? 'in' : 'insufficient-scope',
    },
    {
      who: 'an application of an administrator, with this scope alone',
      visitor: () => claiming('admin', anApplication(scope === undefined ? everyScope : [scope])),
      expected: inScope ?? 'in',
    },
    {
      who: 'an application of a customer, with all scopes',
      visitor: () => claiming('customer', anApplication(everyScope)),
      expected: inScope ?? allowed('customer'),
    },
    ...[longAgo(), { auth_time: undefined }].map((claims) => ({
      who: claims.auth_time === undefined ? 'an administrator with a token of an earlier release' : 'one of long ago',
      visitor: () => claiming('admin', claims),
      expected: recentLogin ? 'recent-login-required' : 'in',
    })),
  ];
}

describe('every route', () => {
  it('S30 is a decision', () => {
    const declared = endpoints.map(({ access, scope, recentLogin, ...endpoint }) => [
      nameOf(endpoint as Endpoint),
      [typeof access === 'object' ? access.role : access, scope, recentLogin && 'recent'].filter(Boolean).join(' '),
    ]);
    expect(Object.fromEntries(declared), 'say in support/decisions.ts who may call it').toEqual(decisions);
  });

  it.each(named)('S30 %s lets in exactly whom it is declared for', async (_, endpoint) => {
    const callers = callersOf(endpoint);
    const heard: Record<string, Verdict> = {};
    const ask = async ({ who, visitor }: Caller) => {
      heard[who] = verdictOf(await send(await visitor(), endpoint, exampleOf(endpoint)));
    };
    for (const role of roles) await somebody(role);
    const before = await shop.snapshot();
    for (const caller of callers.filter(({ expected }) => expected !== 'in')) await ask(caller);
    expect(await shop.snapshot(), 'after all refusals').toEqual(before);
    for (const caller of callers.filter(({ expected }) => expected === 'in')) await ask(caller);
    expect(heard).toEqual(Object.fromEntries(callers.map(({ who, expected }) => [who, expected])));
  });
});

describe('people who work here', () => {
  it('S30 read the orders and payments of everybody and refund as support, and do no more', async () => {
    const [buyer, support] = [await shop.newCustomer(), await somebody('support')];
    const { sku, orderId, paymentId } = await purchase(shop, buyer);
    expect((await support.get(`/v1/orders/${orderId}`)).status).toBe(200);
    expect((await support.get(`/v1/payments/${paymentId}`)).status).toBe(200);
    const { body } = await support.get(`/v1/payments?orderId=${orderId}`);
    expect(body.data).toMatchObject([{ id: paymentId }]);
    expect((await support.post(`/v1/payments/${paymentId}/refunds`, { amount: 1 })).status).toBe(201);
    expect((await support.post(`/v1/orders/${orderId}/cancel`)).status).toBe(404);
    expect((await support.patch(`/v1/products/${sku}`, { stock: 1 })).status).toBe(403);
  });

  it('S30 change products in the catalogue, and see nothing of anybody', async () => {
    const [buyer, keeper] = [await shop.newCustomer(), await somebody('catalogue')];
    const { sku, orderId, paymentId } = await purchase(shop, buyer);
    expect((await keeper.patch(`/v1/products/${sku}`, { stock: 7 })).body).toMatchObject({ stock: 7 });
    expect((await keeper.get(`/v1/orders/${orderId}`)).status).toBe(404);
    expect((await keeper.get(`/v1/payments/${paymentId}`)).status).toBe(404);
    expect((await keeper.get('/v1/payments')).body.data).toEqual([]);
    expect((await keeper.post(`/v1/payments/${paymentId}/refunds`, { amount: 1 })).status).toBe(403);
  });

  it('S28 lose a role at once that is taken away, whatever their token says', async () => {
    const support = await shop.newStaff('support');
    expect((await support.get('/v1/payments')).status).toBe(200);
    await shop.sql(`UPDATE auth.accounts SET roles = '{customer}' WHERE id = $1`, [support.userId]);
    const unremembered = bearing(signAs(support.accessToken!, { jti: 'another' }));
    expect((await unremembered.get('/v1/payments')).status).toBe(401);
  });
});
