import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Visitor } from '../../../../tests/support/page-visitor.ts';
import { startTestProgram, type TestProgram } from '../../../../tests/support/program.ts';
import { Accounts } from '../../domain/accounts.ts';
import { EmailCodes } from '../../domain/email-codes.ts';

const password = 'correct horse battery staple';
const better = 'an even better password';

let program: TestProgram;
beforeAll(async () => {
  program = await startTestProgram({
    modules: ['auth'],
    environment: { AUTH_KEY_SECRET: 'a secret of more than thirty-two characters' },
  });
});
afterAll(() => program.stop());

const visitor = () => new Visitor(program.url);
const newEmail = () => `${randomUUID()}@example.com`;
const portOf = <T>(port: abstract new () => T): T => program.modules.get('auth')!.container.get(port);

async function somebody() {
  const email = newEmail();
  const { body } = await request(program.url)
    .post('/v1/auth/register')
    .send({ email, password, name: 'Ada Lovelace' })
    .expect(201);
  const { userId } = body as { userId: string };
  const linkFor = (purpose: 'reset' | 'verify' | 'change', to = email) =>
    portOf(EmailCodes).issue(purpose, { accountId: userId, email: to });
  return { email, userId, linkFor };
}
async function statusOfLogin(email: string, word: string): Promise<number> {
  return (await request(program.url).post('/v1/auth/login').send({ email, password: word })).status;
}

describe('a forgotten password', () => {
  it('S25 gets the same answer whether there is an account or not', async () => {
    const { email } = await somebody();
    const told = async (of: string) => {
      const browser = visitor();
      await browser.open('/account/forgotten');
      const { status, text } = await browser.submit({ email: of });
      return { status, text };
    };
    const known = await told(email);
    expect(known).toEqual({ status: 200, text: expect.stringContaining('If the address has an account') });
    expect(await told(newEmail())).toEqual(known);
    expect((await told('nobody')).status).toBe(400);
  });

  it('is replaced by the link that was mailed, which ends all sessions and works once', async () => {
    const { email, linkFor } = await somebody();
    const elsewhere = visitor();
    await elsewhere.open('/account/login');
    await elsewhere.submit({ email, password });
    const { token } = await linkFor('reset');
    const browser = visitor();
    const { text } = await browser.open(`/account/reset?token=${token}`);
    expect(text).toContain('Choose a new password');
    expect((await visitor().open(`/account/reset?token=${token}`)).status, 'opening it uses nothing up').toBe(200);
    const weak = await browser.submit({ newPassword: 'short' });
    expect([weak.status, weak.text]).toEqual([400, expect.stringContaining('role="alert"')]);
    const { status, headers } = await browser.submit({ newPassword: better });
    expect([status, headers.location]).toEqual([303, '/account/login?reset=1']);
    expect((await browser.open(headers.location!)).text).toContain('Your password is changed');
    expect((await elsewhere.open('/account')).status).toBe(303);
    expect([await statusOfLogin(email, password), await statusOfLogin(email, better)]).toEqual([401, 200]);
    await browser.open(`/account/reset?token=${token}`);
    const again = await browser.submit({ newPassword: 'yet another good password' });
    expect([again.status, again.text]).toEqual([400, expect.stringContaining('no longer valid')]);
  });

  it.each(['', '?token=', '?token=a&token=b', `?token=${'x'.repeat(201)}`])('needs a link: %j', async (query) => {
    const { status, text } = await visitor().open(`/account/reset${query}`);
    expect([status, text]).toEqual([400, expect.stringContaining('no longer valid')]);
  });
});

describe('an address', () => {
  it('is confirmed by a button behind its link, and not by opening that', async () => {
    const { email, linkFor } = await somebody();
    const { token } = await linkFor('verify');
    const isVerified = async () => (await portOf(Accounts).findByEmail(email))!.emailVerifiedAt !== null;
    const browser = visitor();
    await browser.open(`/account/verify?token=${token}`);
    expect(await isVerified()).toBe(false);
    expect((await browser.submit({})).text).toContain('Your e-mail address is confirmed.');
    expect(await isVerified()).toBe(true);
  });

  it('takes the place of another likewise', async () => {
    const { email, userId, linkFor } = await somebody();
    const next = newEmail();
    const { token } = await linkFor('change', next);
    const browser = visitor();
    await browser.open(`/account/verify?change=${token}`);
    expect((await portOf(Accounts).find(userId))!.email).toBe(email);
    await browser.submit({});
    expect((await portOf(Accounts).find(userId))!.email).toBe(next);
    await browser.open(`/account/verify?change=${token}`);
    expect((await browser.submit({})).text).toContain('no longer valid');
  });
});
