/** The mail that people get, and how they use it. Without a mail server the program shows at /mails.json what it would send. */
import { describe, expect, it } from 'vitest';
import { customer, eventually, type Person, somebody, Visitor } from './client.ts';

interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** The newest mail to somebody with these words in its subject. */
async function mailTo(to: string, subject: string): Promise<Mail> {
  const find = async () => {
    const { body } = await new Visitor().get('/mails.json');
    return (body as Mail[]).find((mail) => mail.to === to && mail.subject.includes(subject));
  };
  return (await eventually(find, (mail) => mail !== undefined))!;
}
const tokenIn = ({ text }: Mail): string => /[?&](?:token|change)=([\w-]+)/.exec(text)![1]!;
const logIn = (email: string, password: string) => new Visitor().post('/v1/auth/login', { email, password });
const claims = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());
const newPassword = 'another long enough password';

describe('an address', () => {
  it('is verified by the link in the mail, which shows in the profile and in tokens', async () => {
    const someone = await customer();
    const { email, password } = someone.person;
    expect(claims(someone.accessToken!)).toMatchObject({ email_verified: false });
    const mail = await mailTo(email, 'Confirm your e-mail address');
    expect(mail.html).toContain(tokenIn(mail));
    const verify = () => new Visitor().post('/v1/auth/email/verify', { token: tokenIn(mail) });
    expect((await verify()).status).toBe(204);
    expect((await verify()).body).toMatchObject({ status: 400, code: 'auth.link-invalid' });
    await eventually(
      () => someone.get('/v1/users/me'),
      ({ body }) => body.emailVerified === true,
    );
    expect(claims((await logIn(email, password)).body.accessToken)).toMatchObject({ email_verified: true });
  });

  it('is verified by the code as well, by who is logged in', async () => {
    const someone = await customer();
    const { text } = await mailTo(someone.person.email, 'Confirm');
    const code = /^\d{6}$/m.exec(text)![0];
    expect((await new Visitor().post('/v1/auth/email/code', { code })).status).toBe(401);
    const wrong = code === '000000' ? '000001' : '000000';
    expect((await someone.post('/v1/auth/email/code', { code: wrong })).body.code).toBe('auth.wrong-code');
    expect((await someone.post('/v1/auth/email/code', { code })).status).toBe(204);
    expect((await someone.post('/v1/auth/email/code', { code })).body.code).toBe('auth.wrong-code');
    expect((await someone.post('/v1/auth/email/verification')).status).toBe(204);
  });

  it('is changed when the new one confirms, and both are told', async () => {
    const someone = await customer();
    const { email, password } = someone.person;
    const next = somebody().email;
    const refused = await someone.post('/v1/auth/email/change', { email: next, password: 'not the password' });
    expect(refused.body).toMatchObject({ status: 401, code: 'auth.wrong-credentials' });
    expect((await someone.post('/v1/auth/email/change', { email: next })).status, 'just logged in').toBe(204);
    await mailTo(email, 'about to change');
    const token = tokenIn(await mailTo(next, 'Confirm your new e-mail address'));
    expect((await new Visitor().post('/v1/auth/email/change/confirm', { token })).status).toBe(204);
    await mailTo(email, 'was changed');
    expect((await logIn(email, password)).status).toBe(401);
    expect((await logIn(next, password)).status).toBe(200);
    await eventually(
      () => someone.get('/v1/users/me'),
      ({ body }) => body.email === next && body.emailVerified === true,
    );
  });

  it('of somebody who has an account is told to nobody but them', async () => {
    const [someone, other] = [await customer(), await customer()];
    const again = await new Visitor().post('/v1/auth/register', { ...somebody(), email: other.person.email });
    expect(again.status).toBe(201);
    const { password } = someone.person;
    const answer = await someone.post('/v1/auth/email/change', { email: other.person.email, password });
    expect(answer.status).toBe(204);
    expect(await mailTo(other.person.email, 'You have an account')).toBeDefined();
  });
});

describe('a forgotten password', () => {
  const ask = (email: string) => new Visitor().post('/v1/auth/password/forgotten', { email });
  const reset = (token: string, password = newPassword) =>
    new Visitor().post('/v1/auth/password/reset', { token, newPassword: password });

  it('is replaced by the link in the mail, once, and ends all sessions', async () => {
    const someone = await customer();
    const { email, password }: Person = someone.person;
    expect((await ask(email)).status).toBe(204);
    const token = tokenIn(await mailTo(email, 'Set a new password'));
    expect((await reset(token, 'too short')).body.code).toBe('auth.weak-password');
    expect((await reset(token)).status).toBe(204);
    expect((await reset(token)).body.code).toBe('auth.link-invalid');
    await eventually(
      () => someone.get('/v1/users/me'),
      ({ status }) => status === 401,
    );
    expect((await logIn(email, password)).status).toBe(401);
    expect((await logIn(email, newPassword)).status).toBe(200);
    await mailTo(email, 'Your password was changed');
  });

  it('S25 is asked for in the same words where there is no account', async () => {
    const { person } = await customer();
    const [known, unknown] = [await ask(person.email), await ask(somebody().email)];
    expect([known.status, known.body]).toEqual([unknown.status, unknown.body]);
  });
});
