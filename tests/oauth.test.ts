import { afterAll, beforeAll, expect, it } from 'vitest';
import * as oauth from 'openid-client';
import { admin, customer } from './acceptance/client.ts';
import { startTestProgram, type TestProgram } from './support/program.ts';

const administrator = { email: 'keeper@example.com', password: 'the keeper of this shop' };
/** The program is asked for it by its own address, as a proxy does. */
const origin = 'http://shop.example';
let program: TestProgram;
let url: string;
beforeAll(async () => {
  program = await startTestProgram({
    environment: { ADMIN_EMAIL: administrator.email, ADMIN_PASSWORD: administrator.password, PUBLIC_URL: origin },
  });
  url = program.url;
});
afterAll(() => program.stop());

const fields = {
  name: 'Notes',
  redirectUris: [] as string[],
  postLogoutRedirectUris: [],
  scopes: ['orders:read'],
  roles: [],
};
const through = (target: string, init: RequestInit = {}) => {
  const to = new URL(target);
  return fetch(new URL(to.pathname + to.search, url), init);
};
const configure = (id: string, secret: string) =>
  oauth.discovery(new URL(origin), id, secret, undefined, {
    execute: [oauth.allowInsecureRequests],
    [oauth.customFetch]: through as never,
  });

it('S20 gives a machine a token that the API takes', async () => {
  const keeper = await admin(url, administrator);
  const { body } = await keeper.post('/v1/auth/applications', { ...fields, kind: 'machine' });
  const config = await configure(body.applicationId, body.clientSecret);
  expect(config.serverMetadata().issuer).toBe(origin);
  const tokens = await oauth.clientCredentialsGrant(config, { scope: 'orders:read' });
  const answer = await fetch(`${url}/v1/orders`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
  expect([answer.status, await answer.json()]).toMatchObject([200, {}]);
});

it('S13 S17 takes a person through login and consent, and ends all when a refresh token comes twice', async () => {
  const keeper = await admin(url, administrator);
  const { body } = await keeper.post('/v1/auth/applications', {
    ...fields,
    kind: 'confidential',
    redirectUris: ['https://notes.example/done'],
  });
  const { person } = await customer(url);
  const config = await configure(body.applicationId, body.clientSecret);
  const verifier = oauth.randomPKCECodeVerifier();
  let next: string = oauth.buildAuthorizationUrl(config, {
    redirect_uri: 'https://notes.example/done',
    scope: 'openid email orders:read offline_access',
    prompt: 'consent',
    state: 'here',
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  }).href;
  const jar = new Map<string, string>();
  let answer: Response;
  const visit = async (init: RequestInit = {}) => {
    answer = await through(new URL(next, origin).href, {
      redirect: 'manual',
      ...init,
      headers: { cookie: [...jar].map((pair) => pair.join('=')).join('; '), ...(init.headers as object) },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0]!.split(/=(.*)/s) as [string, string];
      jar.set(name, value);
    }
    next = answer.headers.get('location') ?? next;
    return answer;
  };
  const form = async (extra: Record<string, string>, page: string) => {
    const proof = /name="form" value="([^"]*)"/.exec(page)?.[1] ?? '';
    return visit({ method: 'POST', body: new URLSearchParams({ form: proof, ...extra }) });
  };
  const trail: string[] = [];
  for (let step = 0; step < 14 && !next.startsWith('https://notes'); step++) {
    await visit();
    trail.push(`${answer!.status} ${next}`);
    if (answer!.status !== 200) continue;
    const page = await answer!.text();
    if (page.includes('name="password"')) await form({ email: person.email, password: person.password }, page);
    else if (page.includes('name="answer"')) await form({ answer: 'allow' }, page);
    else throw new Error(trail.join('\n') + page);
  }
  expect(next, trail.join('\n')).toMatch(/^https:\/\/notes/);
  const tokens = await oauth.authorizationCodeGrant(config, new URL(next), {
    pkceCodeVerifier: verifier,
    expectedState: 'here',
  });
  const asks = (token: string) =>
    fetch(`${url}/v1/orders`, { headers: { authorization: `Bearer ${token}` } }).then(({ status }) => status);
  expect(await asks(tokens.access_token)).toBe(200);
  const info = await oauth.fetchUserInfo(config, tokens.access_token, tokens.claims()!.sub);
  expect(info.email).toBe(person.email);
  const renewed = await oauth.refreshTokenGrant(config, tokens.refresh_token!);
  expect(await asks(renewed.access_token)).toBe(200);
  await expect(oauth.refreshTokenGrant(config, tokens.refresh_token!)).rejects.toThrow();
  expect(await asks(renewed.access_token)).toBe(401);
});

it('S9 S12 S14 S16 refuses what OAuth 2.1 refuses', async () => {
  const keeper = await admin(url, administrator);
  const redirect_uri = 'https://notes.example/done';
  const { body } = await keeper.post('/v1/auth/applications', {
    ...fields,
    kind: 'confidential',
    redirectUris: [redirect_uri],
  });
  const good = { client_id: body.applicationId, redirect_uri, response_type: 'code', scope: 'openid' };
  const challenge = { code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' };
  const ask = async (query: Record<string, string>) => {
    const answer = await through(`${origin}/oauth/authorize?${new URLSearchParams(query)}`, { redirect: 'manual' });
    const to = answer.headers.get('location') ?? '';
    return to.startsWith(redirect_uri) ? new URL(to.replace('#', '?')).searchParams.get('error') : answer.status;
  };
  expect(await ask({ ...good, ...challenge }), 'on to the login').toBe(303);
  expect(await ask({ ...good, ...challenge, redirect_uri: `${redirect_uri}/` })).toBe(400);
  expect(await ask({ ...good, ...challenge, response_type: 'token' })).toBe('unsupported_response_type');
  expect(await ask(good)).toBe('invalid_request');
  expect(await ask({ ...good, ...challenge, code_challenge_method: 'plain' })).toBe('invalid_request');
  const token = async (grant_type: string, secret: string) => {
    const form = new URLSearchParams({ grant_type, client_id: body.applicationId, client_secret: secret });
    const answer = await through(`${origin}/oauth/token`, { method: 'POST', body: form });
    return ((await answer.json()) as { error: string }).error;
  };
  expect(await token('authorization_code', 'a wrong secret')).toBe('invalid_client');
  expect(await token('password', body.clientSecret)).toBe('unsupported_grant_type');
});
