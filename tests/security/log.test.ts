/** The log of a day in the shop, at the most talkative level. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../acceptance/client.ts';
import { sendRaw } from './support/raw-request.ts';
import { administrator, type Shop, startShop, tablesOf } from './support/shop.ts';
import { type Story, tellStory } from './support/story.ts';

let shop: Shop;
let story: Story;
beforeAll(async () => {
  shop = await startShop({ LOG_LEVEL: 'debug' });
  story = await tellStory(shop);
});
afterAll(() => shop.stop());

const log = async () => {
  // Lines are written at the end of a turn of the event loop.
  await new Promise((resolve) => setImmediate(resolve));
  return shop.program.logged.join('\n');
};
const linesOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const tokenShaped = /eyJ[\w-]{10,}\.[\w-]+/;
const addressShaped = /[\w.+-]+(?:@|%40)[\w-]+\.\w+/i;

describe('the log of a whole story', () => {
  it('S40 holds no password, token, signature, e-mail address or anything about a person', async () => {
    const text = await log();
    expect(linesOf(text).length).toBeGreaterThan(60);
    const secrets = [
      ...story.secrets,
      administrator.email,
      administrator.password,
      shop.keeper.accessToken!,
      'Unforgettable',
    ];
    expect(secrets.length).toBeGreaterThan(25);
    for (const secret of secrets) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(encodeURIComponent(secret));
    }
    expect(text).not.toMatch(tokenShaped);
    expect(text).not.toMatch(addressShaped);
  });

  it('S40 tells what happened to accounts, and to whom', async () => {
    const lines = linesOf(await log());
    const events: [level: string, message: string][] = [
      ['info', 'Somebody registered.'],
      ['info', 'Somebody tried to register an address that has an account.'],
      ['info', 'Somebody logged in.'],
      ['warn', 'A login failed.'],
      ['warn', 'A refresh token came a second time; its session has ended.'],
      ['warn', 'A current password was wrong.'],
      ['info', 'A password was changed; the other sessions have ended.'],
      ['info', 'Somebody logged out.'],
      ['info', 'An access token was refused.'],
      ['info', 'An account was disabled.'],
      ['info', 'An account was enabled.'],
      ['info', 'An account was erased.'],
    ];
    for (const [level, message] of events) {
      expect(lines).toContainEqual(
        expect.objectContaining({ level, message, time: expect.stringMatching(/Z$/), requestId: expect.any(String) }),
      );
    }
    for (const line of lines.filter(({ message }) =>
      /^(A login failed|An access token was refused|Somebody logged in)\.$/.test(String(message)),
    )) {
      expect(line, 'where it came from').toMatchObject({ network: '127.0.0.1', userAgent: 'node' });
    }
    const { userId } = lines.find(({ message }) => message === 'Somebody registered.')!;
    expect(lines).toContainEqual(
      expect.objectContaining({ message: 'A login failed.', userId, reason: 'wrong password' }),
    );
    expect(lines.filter(({ status }) => status === 403)).toContainEqual(
      expect.objectContaining({ code: 'platform.forbidden', principal: userId }),
    );
  });

  it('S40 is left out of the metrics as well, which name routes and never what was asked for', async () => {
    const { text } = await sendRaw(shop.url, { method: 'GET', target: '/metrics', headers: {}, body: undefined });
    for (const secret of [...story.secrets, administrator.email]) expect(text).not.toContain(secret);
    expect(text).not.toMatch(addressShaped);
    const ofRequests = text.replace(/service_instance_id="[^"]+"/, '');
    expect(ofRequests).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/);
    expect(text).toContain('route="/v1/orders/{id}"');
  });

  it('S40 cannot be forged: what a client sends stays within its line', async () => {
    const forged = '{"level":"error","message":"forged"}';
    const breaks = encodeURIComponent(`\r\n\u2028${forged}\n`);
    const before = linesOf(await log()).length;
    const requests = [
      { method: 'GET', target: `/v1/${breaks}`, headers: {} },
      { method: 'GET', target: `/v1/products?cursor=${breaks}`, headers: {} },
      { method: 'GET', target: `/v1/products/${breaks}`, headers: { 'x-request-id': `x ${forged}` } },
      { method: 'GET', target: '/v1/products', headers: { traceparent: forged, 'user-agent': forged } },
    ];
    for (const request of requests) await sendRaw(shop.url, { ...request, body: undefined });
    const credentials = { email: `\r\n${forged}`, password: `\r\n${forged}` };
    const body = JSON.stringify(credentials);
    await sendRaw(shop.url, {
      method: 'POST',
      target: '/v1/auth/login',
      headers: { 'content-type': 'application/json' },
      body,
    });
    // A request has its line when its connection is done with it, which can be after the client is.
    const lines = await eventually(
      async () => linesOf(await log()).slice(before),
      ({ length }) => length > requests.length,
    );
    expect(lines.map(({ level }) => level)).toEqual(lines.map(() => 'info'));
    expect(lines).toHaveLength(requests.length + 1);
    expect(JSON.stringify(lines.map(({ path: _path, userAgent: _userAgent, ...rest }) => rest))).not.toContain(
      'forged',
    );
  });
});

describe('what the modules keep of somebody who is gone', () => {
  /** Events and the answers under idempotency keys are the platform's, which forgets both by their age. */
  it('S40 is nothing that a person could be known by', async () => {
    for (const table of [...(await tablesOf(shop.sql)), 'auth.mails']) {
      const rows = await shop.sql(`SELECT t::text AS line FROM ${table} t`);
      for (const { line } of rows) expect(line, table).not.toMatch(/unforgettable/i);
    }
  });
});
