import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foreignOpenId, type ForeignOpenId } from '../../../../tests/support/foreign-openid.ts';
import { startTestProgram, type TestProgram } from '../../../../tests/support/program.ts';
import { TotpSecrets } from '../../domain/totp-secrets.ts';
import { oneTimeCodes } from '../../security/one-time-codes.ts';
import { codeOf } from '../../testing/authenticator-app.ts';
import { Visitor } from '../../../../tests/support/page-visitor.ts';

const publicUrl = 'https://shop.example';
const password = 'correct horse battery staple';

let acme: ForeignOpenId;
let program: TestProgram;
beforeAll(async () => {
  acme = await foreignOpenId([`${publicUrl}/account/continue/acme/callback`]);
  const provider = {
    name: 'acme',
    label: 'Acme & Sons',
    issuer: acme.issuer,
    client: acme.client,
    secret: acme.secret,
  };
  program = await startTestProgram({
    modules: ['auth'],
    environment: {
      PUBLIC_URL: publicUrl,
      AUTH_PROVIDERS: JSON.stringify([provider]),
      AUTH_KEY_SECRET: 'a secret of more than thirty-two characters',
    },
  });
});
afterAll(async () => {
  await program.stop();
  await acme.close();
});

const newPerson = () => {
  const id = randomUUID();
  return { sub: id, email: `${id}@example.com`, email_verified: true, name: 'Ada Lovelace' };
};
const continueThere = '/account/continue/acme';

/** Goes to the provider and back, and returns the answer to that. */
async function continued(browser: Visitor, form = continueThere) {
  const { headers, status } = await browser.submit({}, form);
  expect(status).toBe(303);
  const { pathname, search } = await acme.visit(String(headers.location));
  return browser.open(pathname + search);
}
async function atLogIn(to = '') {
  const browser = new Visitor(program.url);
  await browser.open(`/account/login${to}`);
  return browser;
}
async function loggedInWithPassword(email = `${randomUUID()}@example.com`) {
  const { body } = await request(program.url).post('/v1/auth/register').send({ email, password, name: 'Ada' });
  const browser = await atLogIn();
  await browser.submit({ email, password });
  return { browser, email, userId: (body as { userId: string }).userId };
}
async function connected(person = newPerson()) {
  const somebody = await loggedInWithPassword();
  acme.logIn(person);
  await somebody.browser.open('/account/connections');
  await continued(somebody.browser, '/account/connections/acme');
  return somebody;
}

describe('the login page', () => {
  it('leads to the other provider, and from there to where somebody wanted to go', async () => {
    const person = newPerson();
    acme.logIn(person);
    const browser = await atLogIn('?to=%2Faccount%2Fpassword');
    const back = await continued(browser, `${continueThere}?to=%2Faccount%2Fpassword`);
    expect([back.status, back.headers.location]).toEqual([303, '/account/password']);
    expect((await browser.open('/account')).text).toContain(person.email);
  });

  it('names the provider as it is called', async () => {
    expect((await (await atLogIn()).open('/account/login')).text).toContain('Continue with Acme &amp; Sons');
  });

  it('never leads elsewhere afterwards', async () => {
    acme.logIn(newPerson());
    const browser = await atLogIn('?to=https%3A%2F%2Fevil.example');
    const { headers } = await continued(browser, `${continueThere}?to=https%3A%2F%2Fevil.example`);
    expect(headers.location).toBe('/account');
  });

  it('S18 logs nobody in by an answer that another browser asked for', async () => {
    acme.logIn(newPerson());
    const attacker = await atLogIn();
    const { headers } = await attacker.submit({}, continueThere);
    const { pathname, search } = await acme.visit(String(headers.location));
    const victim = await atLogIn();
    for (const begun of [false, true]) {
      if (begun) await victim.submit({}, continueThere);
      const answer = await victim.open(pathname + search);
      expect(answer.status).toBe(400);
      expect((await victim.open('/account')).status).toBe(303);
      await victim.open('/account/login');
    }
  });

  it('S19 gives nobody the account that has their address', async () => {
    const person = newPerson();
    await loggedInWithPassword(person.email);
    acme.logIn(person);
    const answer = await continued(await atLogIn());
    expect(answer.text).toContain('Log in to that one, and connect the other account then.');
    expect(answer.headers['set-cookie']?.toString()).not.toContain('session');
  });

  it('goes on where the provider answers by POST, as Apple does', async () => {
    const person = newPerson();
    acme.logIn(person);
    const browser = await atLogIn();
    const { headers } = await browser.submit({}, continueThere);
    const { pathname, searchParams } = await acme.visit(String(headers.location));
    const posted = await new Visitor(program.url).post(pathname, searchParams.toString());
    expect(posted.status).toBe(303);
    expect((await browser.open(String(posted.headers.location))).headers.location).toBe('/account');
  });

  it('tells who declined at the provider that it did not work', async () => {
    const browser = await atLogIn();
    const { headers } = await browser.submit({}, continueThere);
    const state = new URL(String(headers.location)).searchParams.get('state')!;
    const answer = new URLSearchParams({ error: 'access_denied', state, iss: acme.issuer });
    const page = await browser.open(`${continueThere}/callback?${answer}`);
    expect([page.status, page.text.includes('did not work')]).toEqual([400, true]);
  });

  it('knows no other provider', async () => {
    const browser = await atLogIn();
    const form = browser.cookie('__Host-form')!;
    expect((await browser.post('/account/continue/other', { form })).status).toBe(404);
  });

  it('sends nobody off whose form is not of a page of ours', async () => {
    const answer = await (await atLogIn()).post(continueThere, {});
    expect(answer.status).toBe(403);
  });
});

describe('a second factor', () => {
  it('is asked after the other provider too', async () => {
    const person = newPerson();
    const { userId } = await connected(person);
    const secrets = program.modules.get('auth')!.container.get(TotpSecrets);
    const secret = oneTimeCodes('Shop').newSecret();
    await secrets.propose(userId, secret, new Date());
    await secrets.confirm(userId, secret, 0, new Date());

    acme.logIn(person);
    const browser = await atLogIn();
    const back = await continued(browser);
    expect(back.headers.location).toBe('/account/login/code?to=%2Faccount');
    expect((await browser.open('/account')).status).toBe(303);
    await browser.open(String(back.headers.location));
    const answer = await browser.submit({ code: codeOf(secret, new Date()) });
    expect([answer.status, answer.headers.location]).toEqual([303, '/account']);
    expect((await browser.open('/account')).status).toBe(200);
  });
});

describe('accounts elsewhere', () => {
  it('are connected and disconnected by who is logged in', async () => {
    const person = newPerson();
    const { browser, email } = await connected(person);
    const { text } = await browser.open('/account/connections');
    expect(text).toContain(person.email);
    const other = await atLogIn();
    await continued(other);
    expect((await other.open('/account')).text).toContain(email);

    const [, action] = /action="(\/account\/connections\/[^"]+\/disconnect)"/.exec(text)!;
    expect((await browser.submit({}, action)).headers.location).toBe('/account/connections');
    expect((await browser.open('/account/connections')).text).not.toContain(person.email);
  });

  it('are shown to nobody else', async () => {
    const answer = await new Visitor(program.url).open('/account/connections');
    expect([answer.status, answer.headers.location]).toEqual([303, '/account/login?to=%2Faccount%2Fconnections']);
  });
});
