import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestProgram, type TestProgram } from '../../../../tests/support/program.ts';
import { Accounts } from '../../domain/accounts.ts';
import { Applications } from '../../domain/applications.ts';
import { Consents } from '../../domain/consents.ts';
import { Sessions } from '../../domain/sessions.ts';
import { TotpSecrets } from '../../domain/totp-secrets.ts';
import { oneTimeCodes } from '../../security/one-time-codes.ts';
import { codeOf } from '../../testing/authenticator-app.ts';
import { Visitor } from '../../../../tests/support/page-visitor.ts';

const publicUrl = 'https://shop.example';
const administrator = { email: 'root@example.com', password: 'an administrator of tests' };
const password = 'correct horse battery staple';

let program: TestProgram;
beforeAll(async () => {
  program = await startTestProgram({
    modules: ['auth'],
    environment: {
      ADMIN_EMAIL: administrator.email,
      ADMIN_PASSWORD: administrator.password,
      PUBLIC_URL: publicUrl,
      SHOP_NAME: 'Tea & "Sympathy"',
      SHOP_COLOUR: '#FFCC00',
      AUTH_KEY_SECRET: 'a secret of more than thirty-two characters',
    },
  });
});
afterAll(() => program.stop());

const visitor = () => new Visitor(program.url);
const newEmail = () => `${randomUUID()}@example.com`;
async function somebody(fields: { password?: string } = {}) {
  const email = newEmail();
  const { body } = await request(program.url)
    .post('/v1/auth/register')
    .send({ email, password, name: 'Ada Lovelace', ...fields })
    .expect(201);
  return { email, userId: (body as { userId: string }).userId };
}
async function loggedIn() {
  const person = await somebody();
  const browser = visitor();
  await browser.open('/account/login');
  expect((await browser.submit({ email: person.email, password })).status).toBe(303);
  return { ...person, browser };
}

describe('a page', () => {
  it('runs nothing, is framed by nobody, tells nobody where somebody was, and is kept nowhere', async () => {
    const { headers } = await visitor().open('/account/login');
    const policy = String(headers['content-security-policy']).split(';');
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "style-src 'self'", "script-src 'self'", "frame-ancestors 'none'"]),
    );
    expect(policy.join()).not.toContain('unsafe');
    expect(headers).toMatchObject({
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'cache-control': 'no-store, no-transform',
      'content-type': 'text/html; charset=utf-8',
    });
    expect(headers).not.toHaveProperty('x-powered-by');
  });

  it('has neither style nor script of its own, and the name of the shop', async () => {
    const { text } = await visitor().open('/account/login');
    expect(text).not.toMatch(/<style|<script|\sstyle=|\son\w+=/);
    expect(text).toContain('Tea &amp; &quot;Sympathy&quot;');
  });

  it('may lead back to an application only where somebody comes from one', async () => {
    const policyOf = async (path: string) => String((await visitor().open(path)).headers['content-security-policy']);
    expect(await policyOf('/account/login')).not.toContain('form-action');
    expect(await policyOf('/account/register')).not.toContain('form-action');
    expect(await policyOf('/account/nothing')).toContain("form-action 'self'");
  });

  it('shows what was typed as text', async () => {
    const browser = visitor();
    await browser.open('/account/login?to=%22%3E%3Cscript%3E');
    const { text } = await browser.submit({ email: '"><script>alert(1)</script>', password: 'x' });
    expect(text).not.toContain('<script');
    expect(text).toContain('&quot;&gt;&lt;script&gt;alert(1)');
  });

  it.each(['/account/nothing', '/account/login/nothing'])('is not there: %s', async (path) => {
    const answer = await visitor().open(path);
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('<h1>Page not found</h1>');
  });
});

describe('logging in at a page', () => {
  it('leads to where somebody came from, and to their account otherwise', async () => {
    const { email } = await somebody();
    for (const [asked, led] of [
      ['', '/account'],
      ['?to=%2Foauth%2Finteraction%2F7%3Fa%3D1', '/oauth/interaction/7?a=1'],
    ] as const) {
      const browser = visitor();
      await browser.open(`/account/login${asked}`);
      const answer = await browser.submit({ email, password });
      expect([answer.status, answer.headers.location]).toEqual([303, led]);
    }
  });

  it.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '/\t/evil.example',
    'javascript:alert(1)',
    'evil.example',
    '',
  ])('never leads elsewhere: %j', async (then) => {
    const { email } = await somebody();
    const browser = visitor();
    await browser.open(`/account/login?${new URLSearchParams({ to: then })}`);
    const { headers } = await browser.submit({ email, password });
    expect(new URL(String(headers.location), publicUrl).origin).toBe(publicUrl);
  });

  it('S25 says the same of a wrong password and an unknown account', async () => {
    const { email } = await somebody();
    const told = async (of: string) => {
      const browser = visitor();
      await browser.open('/account/login');
      const { status, text } = await browser.submit({ email: of, password: 'a wrong password of mine' });
      return { status, text: text.replaceAll(of, '').replace(/name="form" value="[^"]+"/, '') };
    };
    const wrong = await told(email);
    expect(wrong.status).toBe(400);
    expect(wrong.text).toContain('The e-mail address or the password is wrong.');
    expect(await told(newEmail())).toEqual(wrong);
    expect(wrong.text).not.toContain('a wrong password of mine');
  });

  it('keeps a session in a cookie that scripts, other hosts and plain HTTP never see', async () => {
    const { browser } = await loggedIn();
    const cookie = browser.setCookies.find((each) => each.startsWith('__Host-session='))!;
    expect(cookie).toMatch(
      /^__Host-session=[\w-]{43}; Max-Age=\d+; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  it('gives a session that is no use at the API', async () => {
    const { browser } = await loggedIn();
    const refreshToken = browser.cookie('__Host-session');
    await request(program.url).post('/v1/auth/refresh').send({ refreshToken }).expect(401);
    expect((await browser.open('/account')).status).toBe(200);
  });

  it('is not asked for again, unless a page says so', async () => {
    const { browser, email } = await loggedIn();
    const answer = await browser.open('/account/login?to=%2Foauth%2Fx');
    expect([answer.status, answer.headers.location]).toEqual([303, '/oauth/x']);
    const again = await browser.open('/account/login?to=%2Foauth%2Fx&again=1');
    expect(again.status).toBe(200);
    expect(again.text).toContain(`value="${email}"`);
  });

  it('comes first where a page is for who is logged in', async () => {
    const answer = await visitor().open('/account/password?a=1');
    expect([answer.status, answer.headers.location]).toEqual([303, '/account/login?to=%2Faccount%2Fpassword%3Fa%3D1']);
  });
});

describe('opening an account at a page', () => {
  it('answers the same for an address that has one, and leads to logging in', async () => {
    const { email: taken } = await somebody();
    for (const email of [newEmail(), taken]) {
      const browser = visitor();
      await browser.open('/account/register?to=%2Foauth%2Fx');
      const { status, headers } = await browser.submit({ name: 'Ada', email, password });
      expect([status, headers.location]).toEqual([303, '/account/login?to=%2Foauth%2Fx&opened=1']);
      const { text } = await browser.open(headers.location!);
      expect(text).toContain('Your account is open, unless the address had one.');
      const answer = await browser.submit({ email, password });
      expect([answer.status, answer.headers.location]).toEqual([303, '/oauth/x']);
    }
  });

  it.each([
    [{ password: 'short' }, 'at least 15 characters'],
    [{ email: 'nobody' }, 'e-mail|email'],
    [{ name: '' }, ''],
  ])('says what is wrong with %j', async (fields, said) => {
    const browser = visitor();
    await browser.open('/account/register');
    const typed = { name: 'Ada "the" First', email: newEmail(), password, ...fields };
    const { status, text } = await browser.submit(typed);
    expect([status, text]).toEqual([400, expect.stringMatching(new RegExp(`role="alert"[^>]*>[^<]*(${said})`, 'i'))]);
    expect(text).toContain(`value="${typed.name.replaceAll('"', '&quot;')}"`);
    expect(text).not.toContain(password);
  });
});

describe('the list of sessions', () => {
  it('ends one, and all others', async () => {
    const { browser, email } = await loggedIn();
    const others = [visitor(), visitor(), visitor()];
    for (const other of others) {
      await other.open('/account/login');
      await other.submit({ email, password });
    }
    const { text } = await browser.open('/account/sessions');
    expect(text.match(/<strong>/g)).toHaveLength(4);
    expect(text.match(/This browser/g)).toHaveLength(1);
    await browser.submit({}, '/account/sessions/end');
    const stillIn = async () => {
      const statuses = await Promise.all(others.map(async (other) => (await other.open('/account')).status));
      return statuses.filter((status) => status === 200).length;
    };
    expect(await stillIn()).toBe(2);
    await browser.open('/account/sessions');
    const { headers } = await browser.submit({}, '/account/sessions/end-others');
    expect(await stillIn()).toBe(0);
    expect((await browser.open(headers.location!)).text).toContain('nobody is logged in there any more');
  });

  it("S29 ends nobody else's", async () => {
    const [one, other] = [await loggedIn(), await loggedIn()];
    await one.browser.open('/account/sessions');
    const theirs = (await program.modules.get('auth')!.container.get(Sessions).list(other.userId, { limit: 1 }))[0]!;
    const form = one.browser.cookie('__Host-form')!;
    expect((await one.browser.post('/account/sessions/end', { form, session: theirs.id })).status).toBe(404);
    expect((await one.browser.post('/account/sessions/end', { form, session: 'x' })).status).toBe(400);
    expect((await other.browser.open('/account')).status).toBe(200);
  });
});

describe('the applications with access', () => {
  it('lose it when their owner says so, and nobody else does', async () => {
    const [one, other] = [await loggedIn(), await loggedIn()];
    const { container } = program.modules.get('auth')!;
    const [id, now] = [randomUUID(), new Date()];
    const scopes = ['profile', 'orders:write'];
    await container.get(Applications).add({
      id,
      name: 'Tea <Timer>',
      kind: 'public',
      redirectUris: ['https://timer.example/callback'],
      postLogoutRedirectUris: [],
      backchannelLogoutUri: null,
      scopes,
      roles: [],
      logo: null,
      createdAt: now,
      disabledAt: null,
    });
    for (const { userId } of [one, other])
      await container.get(Consents).give({ accountId: userId, applicationId: id, scopes, givenAt: now });
    const { text } = await one.browser.open('/account/applications');
    expect(text).toContain('Tea &lt;Timer&gt;');
    expect(text).toContain('orders:write, profile');
    const { headers } = await one.browser.submit({}, '/account/applications/revoke');
    const after = await one.browser.open(headers.location!);
    expect(after.text).toContain('has no access any more');
    expect(after.text).not.toContain('Timer');
    expect((await other.browser.open('/account/applications')).text).toContain('Timer');
  });
});

describe('a login with an authenticator app', () => {
  async function withApp() {
    const person = await somebody();
    const secrets = program.modules.get('auth')!.container.get(TotpSecrets);
    const secret = oneTimeCodes('Tea').newSecret();
    await secrets.propose(person.userId, secret, new Date());
    await secrets.confirm(person.userId, secret, 0, new Date());
    const browser = visitor();
    await browser.open('/account/login?to=%2Foauth%2Fx');
    const { headers } = await browser.submit({ email: person.email, password });
    expect(headers.location).toBe('/account/login/code?to=%2Foauth%2Fx');
    await browser.open(headers.location!);
    return { ...person, browser, code: () => codeOf(secret, new Date()) };
  }

  it('asks for its code on a page of its own, and leads on', async () => {
    const { browser, code } = await withApp();
    expect(browser.cookie('__Host-session')).toBeUndefined();
    const wrong = await browser.submit({ code: '000000' });
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('The code is wrong')]);
    const { status, headers } = await browser.submit({ code: code() });
    expect([status, headers.location]).toEqual([303, '/oauth/x']);
    expect(browser.cookie('__Host-login')).toBeUndefined();
    expect((await browser.open('/account')).status).toBe(200);
  });

  it('begins anew once the password has changed', async () => {
    const { browser, email, userId, code } = await withApp();
    const accounts = program.modules.get('auth')!.container.get(Accounts);
    const { passwordHash } = (await accounts.findByEmail(email))!;
    await accounts.changePassword(userId, { from: passwordHash, to: `${passwordHash}x`, keep: null });
    const { status, text } = await browser.submit({ code: code() });
    expect([status, text]).toEqual([403, expect.stringContaining('This login took too long')]);
    expect(browser.cookie('__Host-login')).toBeUndefined();
  });

  it('works once', async () => {
    const { browser, code } = await withApp();
    const second = browser.copy();
    await second.open('/account/login/code');
    await browser.submit({ code: code() });
    const { status } = await second.submit({ code: code() });
    expect(status).toBe(403);
    expect((await second.open('/account')).status).toBe(303);
  });

  it('is for who has given their password here', async () => {
    const { headers } = await visitor().open('/account/login/code?to=%2Foauth%2Fx');
    expect(headers.location).toBe('/account/login?to=%2Foauth%2Fx');
  });
});

describe('a form', () => {
  const statusOf = async (browser: Visitor, fields: Record<string, string>, headers: Record<string, string> = {}) =>
    (await browser.post('/account/login', fields, headers)).status;

  it('is refused that no page of ours has sent', async () => {
    const { email } = await somebody();
    const browser = visitor();
    await browser.open('/account/login');
    const good = { email, password, form: browser.cookie('__Host-form')! };
    expect(await statusOf(visitor(), good), 'without the cookie').toBe(403);
    expect(await statusOf(browser, { email, password }), 'without the field').toBe(403);
    expect(await statusOf(browser, { ...good, form: `${good.form.slice(1)}A` }), 'with another secret').toBe(403);
    expect(await statusOf(browser, good, { 'Sec-Fetch-Site': 'cross-site' }), 'from elsewhere').toBe(403);
    expect(await statusOf(browser, good, { 'Sec-Fetch-Site': 'same-site' }), 'from a sibling').toBe(403);
    expect(await statusOf(browser, good, { 'Sec-Fetch-Site': 'same-origin' })).toBe(303);
  });

  it('is refused that is none', async () => {
    const browser = visitor();
    await browser.open('/account/login');
    const json = await browser.post('/account/login', JSON.stringify({ email: 'a' }), {
      'Content-Type': 'application/json',
    });
    expect(json.status).toBe(403);
    const many = Array.from({ length: 101 }, (_, index) => `a${index}=1`).join('&');
    expect((await browser.post('/account/login', many)).status).toBe(400);
  });
});

describe('a session at a page', () => {
  const isIn = async (browser: Visitor) => (await browser.open('/account')).status === 200;

  it('ends with logging out, for the cookie too', async () => {
    const { browser } = await loggedIn();
    const stolen = browser.copy();
    await browser.open('/account');
    const answer = await browser.submit({}, '/account/logout');
    expect(answer.text).toContain('You are logged out.');
    expect(browser.cookie('__Host-session')).toBeUndefined();
    expect(await isIn(stolen)).toBe(false);
  });

  it('S27 ends with a change of the password elsewhere, and stays where it was changed', async () => {
    const { browser, email } = await loggedIn();
    const other = visitor();
    await other.open('/account/login');
    await other.submit({ email, password });
    await other.open('/account/password');
    const wrong = await other.submit({ password: 'not my password at all', newPassword: 'a newer and better one' });
    expect([wrong.status, wrong.text]).toEqual([400, expect.stringContaining('The current password is wrong.')]);
    const weak = await other.submit({ password, newPassword: 'short' });
    expect([weak.status, weak.text]).toEqual([400, expect.stringContaining('role="alert"')]);
    const changed = await other.submit({ password, newPassword: 'a newer and better one' });
    expect([changed.status, changed.headers.location]).toEqual([303, '/account?saved=password']);
    expect(await isIn(other)).toBe(true);
    expect(await isIn(browser)).toBe(false);
  });

  it('S28 ends at once when the account is disabled', async () => {
    const { browser, userId } = await loggedIn();
    const { body } = await request(program.url).post('/v1/auth/login').send(administrator).expect(200);
    const { accessToken } = body as { accessToken: string };
    await request(program.url)
      .post(`/v1/auth/accounts/${userId}/disable`)
      .auth(accessToken, { type: 'bearer' })
      .expect(204);
    expect(await isIn(browser)).toBe(false);
  });

  it('is one for each browser, however often somebody logs in there', async () => {
    const { browser, email } = await loggedIn();
    const before = browser.copy();
    await browser.open('/account/login?again=1');
    await browser.submit({ email, password });
    expect(await isIn(browser)).toBe(true);
    await expect.poll(() => isIn(before)).toBe(false);
  });
});

describe('the style of pages', () => {
  it('is one file, which may be kept', async () => {
    const { status, headers, text } = await request(program.url).get('/account/pages.css');
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/css; charset=utf-8',
      'cache-control': 'public, max-age=3600',
    });
    expect(text).toContain('--accent: light-dark(#');
  });
});
