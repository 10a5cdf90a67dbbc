/** How much one may ask, who one may say one is, and requests that are two. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Visitor } from '../acceptance/client.ts';
import { startTestProgram, type TestProgram } from '../support/program.ts';
import { sendRaw } from '../support/raw-http.ts';
import { exampleOf } from './support/samples.ts';
import { type Customer, declaredEndpoints, leastFor, nameOf, send, type Shop, startShop } from './support/shop.ts';

const endpoints = await declaredEndpoints();
let shop: Shop;
let victim: Customer;
beforeAll(async () => {
  shop = await startShop();
  victim = await shop.newCustomer();
});
afterAll(() => shop.stop());

describe('asking too much', () => {
  const perMinute = 6;
  let busy: TestProgram;
  beforeAll(async () => {
    busy = await startTestProgram({ environment: { RATE_LIMIT_PER_MINUTE: String(perMinute) } });
  });
  afterAll(() => busy.stop());

  it('S33 is 429 with Retry-After, and every answer says what is left; S34 another X-Forwarded-For is no help', async () => {
    const visitor = new Visitor(busy.url);
    const answers = [];
    for (let count = 0; count <= perMinute; count++) {
      answers.push(
        await visitor.get(count % 2 ? '/v1/products' : '/v1/nothing', {
          'x-forwarded-for': `203.0.113.${count}`,
          'x-real-ip': `203.0.113.${count}`,
        }),
      );
    }
    const left = answers.map(({ headers }) => /^"default";r=(\d+);t=\d+$/.exec(headers.get('ratelimit') ?? '')?.[1]);
    expect(left).toEqual(['5', '4', '3', '2', '1', '0', '0']);
    for (const { headers } of answers) expect(headers.get('ratelimit-policy')).toBe(`"default";q=${perMinute};w=60`);
    const refused = answers.at(-1)!;
    expect([refused.status, refused.body.code]).toEqual([429, 'platform.too-many-requests']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(60);
  });

  it('S33 is logged once, with who was refused, and so is every request', async () => {
    const visitor = new Visitor(busy.url);
    for (let count = 0; count <= perMinute; count++)
      await visitor.get('/v1/products', { 'user-agent': `crawler ${'x'.repeat(1_000)}` });
    const lines = () => busy.logged.filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>);
    await expect
      .poll(() => lines().filter(({ message }) => message === 'GET /v1/products 429').length)
      .toBeGreaterThan(1);
    const who = { network: '127.0.0.1', userAgent: expect.stringMatching(/^(crawler x{192}|node)$/) };
    expect(lines().filter(({ message }) => message === 'A rate limit has been reached.')).toEqual([
      expect.objectContaining(who),
    ]);
    for (const line of lines().filter(({ status }) => status === 429)) expect(line).toMatchObject(who);
  });

  it('S33 keeps nobody from seeing whether the program is well', async () => {
    for (let count = 0; count < perMinute * 2; count++)
      expect((await new Visitor(busy.url).get('/livez')).status).toBe(200);
  });
});

describe('headers that claim something', () => {
  const claims = (): Record<string, string> => ({
    'x-user-id': victim.userId,
    'x-userid': victim.userId,
    'x-auth-user': victim.userId,
    'x-authenticated-user': victim.userId,
    'x-forwarded-user': victim.userId,
    'x-principal': JSON.stringify({ userId: victim.userId, roles: ['admin'] }),
    'x-roles': 'admin',
    'x-role': 'admin',
    'x-admin': 'true',
    'x-internal': 'true',
    'x-session-id': victim.userId,
    'grpc-metadata-principal': victim.userId,
    'x-forwarded-for': '127.0.0.1',
    'x-real-ip': '127.0.0.1',
    forwarded: 'for=127.0.0.1;by=127.0.0.1',
    cookie: `access_token=${victim.accessToken}; session=${victim.accessToken}`,
    'x-access-token': victim.accessToken!,
    'proxy-authorization': `Bearer ${victim.accessToken}`,
  });
  const guarded = endpoints.filter(({ access }) => access !== 'anyone');

  it.each(guarded.map((endpoint) => [nameOf(endpoint), endpoint] as const))(
    'S34 let nobody into %s',
    async (_, endpoint) => {
      const before = await shop.snapshot();
      const { status, body } = await send(new Visitor(shop.url), endpoint, exampleOf(endpoint), claims());
      expect([status, body.code]).toEqual([401, 'platform.unauthenticated']);
      expect(await shop.snapshot()).toEqual(before);
    },
  );

  it('S34 make nobody somebody else, or an administrator', async () => {
    const someone = await shop.newCustomer();
    expect((await someone.get('/v1/users/me', claims())).body.userId).toBe(someone.userId);
    for (const endpoint of guarded.filter((each) => leastFor(each) === 'admin')) {
      expect((await send(someone, endpoint, exampleOf(endpoint), claims())).status, nameOf(endpoint)).toBe(403);
    }
  });

  it('S34 lead nowhere else, and do nothing else', async () => {
    const someone = await shop.newCustomer();
    for (const name of [
      'x-original-url',
      'x-rewrite-url',
      'x-original-uri',
      'x-forwarded-path',
      'x-forwarded-prefix',
    ]) {
      expect((await new Visitor(shop.url).get('/v1/products', { [name]: '/v1/users/me' })).body).toHaveProperty(
        'nextCursor',
      );
    }
    for (const name of ['x-http-method-override', 'x-http-method', 'x-method-override']) {
      expect((await someone.get('/v1/users/me', { [name]: 'DELETE' })).status).toBe(200);
      expect((await someone.post('/v1/users/me', { _method: 'DELETE' }, { [name]: 'DELETE' })).status).toBe(405);
    }
    expect((await someone.get('/v1/users/me')).status).toBe(200);
  });

  it('S34 put no address of theirs into an answer', async () => {
    const visitor = new Visitor(shop.url);
    const forged = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'gopher',
      forwarded: 'host=evil.example',
    };
    for (const path of ['/v1/products', '/openapi.json', '/docs', '/v1/nothing']) {
      const { body, headers } = await visitor.get(path, forged);
      expect(JSON.stringify([body, ...headers])).not.toMatch(/evil\.example|gopher/);
    }
  });
});

describe('a request whose end is ambiguous', () => {
  const bytes = (...lines: string[]) => sendRaw(shop.url, ...lines);
  const json = '{"refreshToken":"x"}';
  const hidden = 'GET /livez HTTP/1.1\r\nHost: x\r\n\r\n';
  const start = ['POST /v1/auth/logout HTTP/1.1', 'Host: x', 'Content-Type: application/json'];
  const statuses = (text: string) => text.match(/HTTP\/1\.1 \d+/g);

  it.each([
    ['a length and chunks', [`Content-Length: ${json.length}`, 'Transfer-Encoding: chunked', '', `0\r\n\r\n${hidden}`]],
    ['chunks and a length', ['Transfer-Encoding: chunked', 'Content-Length: 4', '', `0\r\n\r\n${hidden}`]],
    ['two lengths', [`Content-Length: ${json.length}`, 'Content-Length: 0', '', json + hidden]],
    ['an encoding that hides', ['Transfer-Encoding: x, chunked, identity', '', `0\r\n\r\n${hidden}`]],
    [
      'a line break that is half',
      [`Content-Length: ${json.length}\nTransfer-Encoding: chunked`, '', `0\r\n\r\n${hidden}`],
    ],
  ])('S35 by %s is refused, and nothing behind it is heard', async (_, lines) => {
    expect(statuses(await bytes(...start, ...lines))).toEqual(['HTTP/1.1 400']);
  });

  it('S35 is told from two requests in a row', async () => {
    expect(statuses(await bytes(...start, `Content-Length: ${json.length}`, '', json + hidden))).toEqual([
      'HTTP/1.1 204',
      'HTTP/1.1 200',
    ]);
  });
});
