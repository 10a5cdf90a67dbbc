import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foreignOpenId, type ForeignOpenId } from '../../../tests/support/foreign-openid.ts';
import { AuthSettings } from '../settings.ts';
import { appleSecret } from './apple-secret.ts';
import { configuredForeignProviders } from './configured-foreign-providers.ts';

const publicUrl = 'https://shop.example';
const providers = (...list: object[]) =>
  configuredForeignProviders(AuthSettings.parse({ AUTH_PROVIDERS: JSON.stringify(list) }).AUTH_PROVIDERS, publicUrl);
const ada = { sub: 'ada-1', email: 'ada@elsewhere.example', email_verified: true, name: 'Ada' };

describe('an OpenID provider', () => {
  let acme: ForeignOpenId;
  beforeAll(async () => {
    acme = await foreignOpenId([`${publicUrl}/account/continue/acme/callback`]);
    acme.logIn(ada);
  });
  afterAll(() => acme.close());
  const one = () => providers({ name: 'acme', issuer: acme.issuer, client: acme.client, secret: acme.secret });
  const answered = async (foreign = one()) => {
    const { url, checks } = await foreign.begin('acme');
    return { url: new URL(url), checks, answer: (await acme.visit(url)).searchParams };
  };

  it('says who somebody is', async () => {
    const { answer, checks } = await answered();
    await expect(one().finish('acme', answer, checks)).resolves.toEqual({
      issuer: acme.issuer,
      subject: 'ada-1',
      email: 'ada@elsewhere.example',
      emailVerified: true,
      name: 'Ada',
    });
  });

  it('is asked with a state, a nonce and a PKCE challenge, each new (S18)', async () => {
    const [first, second] = [await answered(), await answered()];
    for (const { url } of [first, second]) expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(first.url.searchParams.get(name)).not.toBe(second.url.searchParams.get(name));
  });

  it.each(['state', 'nonce', 'verifier'] as const)(
    'is not believed where the %s is not that of the login that began (S18)',
    async (check) => {
      const { answer, checks } = await answered();
      const { checks: others } = await one().begin('acme');
      await expect(one().finish('acme', answer, { ...checks, [check]: others[check] })).rejects.toMatchObject({
        code: 'auth.foreign-login-failed',
      });
    },
  );

  it('is not believed twice', async () => {
    const { answer, checks } = await answered();
    await one().finish('acme', answer, checks);
    await expect(one().finish('acme', answer, checks)).rejects.toMatchObject({ code: 'auth.foreign-login-failed' });
  });

  it('is not believed where another issuer answers in its place (S17)', async () => {
    const { answer, checks } = await answered();
    answer.set('iss', 'https://evil.example');
    await expect(one().finish('acme', answer, checks)).rejects.toMatchObject({ code: 'auth.foreign-login-failed' });
  });

  it('may refuse, which is told apart from being away', async () => {
    const { answer, checks } = await answered();
    const refusal = new URLSearchParams({ error: 'access_denied', state: checks.state, iss: answer.get('iss')! });
    await expect(one().finish('acme', refusal, checks)).rejects.toMatchObject({ code: 'auth.foreign-login-failed' });
  });

  it('that is away holds nobody else up, and is asked again', async () => {
    const away = await foreignOpenId([`${publicUrl}/account/continue/away/callback`]);
    await away.close();
    const foreign = providers({ name: 'away', issuer: away.issuer, client: 'c', secret: 's' });
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(foreign.begin('away')).rejects.toMatchObject({ code: 'auth.provider-unavailable' });
  });

  it('that nobody configured is unknown', async () => {
    await expect(one().begin('other')).rejects.toMatchObject({ code: 'auth.unknown-provider' });
  });
});

describe('Apple', () => {
  it('gets a secret that its developer’s key signed, for a few minutes', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const secret = appleSecret('com.example.shop', { team: 'TEAM', keyId: 'KEY', key }, new Date());
    const [head, body] = secret.split('.').map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(head!)).toEqual({ alg: 'ES256', kid: 'KEY' });
    const claims = JSON.parse(body!) as Record<string, number>;
    expect(claims).toMatchObject({ iss: 'TEAM', sub: 'com.example.shop', aud: 'https://appleid.apple.com' });
    expect(claims.exp! - claims.iat!).toBe(300);
    expect(publicKey.asymmetricKeyType).toBe('ec');
  });
});

describe('GitHub', () => {
  const bodyOf = async (request: IncomingMessage) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    return new URLSearchParams(text);
  };
  let emails: object[] = [];
  let seen: URLSearchParams;
  const server = createServer((request, response) => {
    const json = (body: unknown) => response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
    void (async () => {
      if (request.url === '/login/oauth/access_token') {
        seen = await bodyOf(request);
        return seen.get('code') === 'right'
          ? json({ access_token: 'gho_1', token_type: 'bearer', scope: 'read:user,user:email' })
          : json({ error: 'bad_verification_code' });
      }
      if (request.headers.authorization !== 'Bearer gho_1') return response.writeHead(401).end();
      if (request.url === '/api/v3/user') return json({ id: 583_231, login: 'octocat', name: null });
      if (request.url === '/api/v3/user/emails') return json(emails);
      return response.writeHead(404).end();
    })();
  });
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => server.close());
  const one = () =>
    providers({
      name: 'github',
      issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      client: 'c',
      secret: 's',
    });

  it('says who somebody is by a number that nobody can take over, and tells their first address', async () => {
    emails = [
      { email: 'old@example.com', primary: false, verified: true },
      { email: 'octo@example.com', primary: true, verified: true },
    ];
    const { url, checks } = await one().begin('github');
    expect(new URL(url).searchParams.get('code_challenge_method')).toBe('S256');
    const answer = new URLSearchParams({ code: 'right', state: checks.state });
    await expect(one().finish('github', answer, checks)).resolves.toMatchObject({
      subject: '583231',
      email: 'octo@example.com',
      emailVerified: true,
      name: 'octocat',
    });
    expect(seen.get('code_verifier')).toBe(checks.verifier);
  });

  it('does not vouch for an address that it has not verified', async () => {
    emails = [{ email: 'octo@example.com', primary: true, verified: false }];
    const { checks } = await one().begin('github');
    const answer = new URLSearchParams({ code: 'right', state: checks.state });
    await expect(one().finish('github', answer, checks)).resolves.toMatchObject({ emailVerified: false });
  });

  it.each([
    ['a code that it does not know', { code: 'wrong' }],
    ['the state of another login', { code: 'right', state: 'other' }],
  ])('is not believed with %s (S18)', async (_, fields) => {
    const { checks } = await one().begin('github');
    const answer = new URLSearchParams({ state: checks.state, ...fields });
    await expect(one().finish('github', answer, checks)).rejects.toMatchObject({ code: 'auth.foreign-login-failed' });
  });
});

describe('AUTH_PROVIDERS', () => {
  const mistakeIn = (text: string) => AuthSettings.safeParse({ AUTH_PROVIDERS: text }).error?.issues[0]?.message;

  it.each([
    ['{', 'is no JSON'],
    ['[{"name":"acme","client":"c","secret":"s"}]', 'lacks an "issuer"'],
    ['[{"name":"acme","issuer":"http://id.example","client":"c","secret":"s"}]', 'begins with https://'],
    ['[{"name":"google","client":"c"}]', 'lacks a "secret", or for Apple "apple" with team, keyId and key'],
    ['[{"name":"google","client":"c","secret":"s"},{"name":"google","client":"d","secret":"t"}]', 'names one twice'],
  ])('as %s is refused: %s', (text, message) => {
    expect(mistakeIn(text)).toContain(message);
  });

  it('knows where Google, Microsoft and GitHub are', () => {
    const list = ['google', 'microsoft', 'github'].map((name) => ({ name, client: 'c', secret: 's' }));
    expect(providers(...list).all.map(({ label }) => label)).toEqual(['Google', 'Microsoft', 'GitHub']);
  });
});
