import { randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../tests/support/postgres.ts';
import { startTestProgram, type TestProgram } from '../../tests/support/program.ts';

const administrator = { email: 'root@example.com', password: 'an administrator of tests' };
const password = 'correct horse battery staple';
const newPassword = 'another good password';

let program: TestProgram;
beforeAll(async () => {
  program = await startTestProgram({
    modules: ['auth'],
    environment: {
      ADMIN_EMAIL: administrator.email,
      ADMIN_PASSWORD: administrator.password,
      AUTH_KEY_SECRET: 'a secret of more than thirty-two characters',
    },
  });
});
afterAll(() => program.stop());

const post = (path: string, body: object, token?: string) => {
  const call = request(program.url).post(path);
  if (token !== undefined) call.set('authorization', `Bearer ${token}`);
  return call.send(body);
};
const newEmail = () => `${randomUUID()}@example.com`;
const register = (email: string) => post('/v1/auth/register', { email, password, name: 'Ada Lovelace' });
const logIn = (credentials: object) => post('/v1/auth/login', credentials);
const somebody = async () => {
  const email = newEmail();
  const { body } = await register(email).expect(201);
  const { body: tokens } = await logIn({ email, password }).expect(200);
  return { email, userId: body.userId as string, ...(tokens as { accessToken: string; refreshToken: string }) };
};
/** 400 for whom the token lets in: the body is not what it should be. */
const usable = async (token: string) => (await post('/v1/auth/password', {}, token)).status === 400;

describe('auth over HTTP', () => {
  it('registers, logs in, refreshes and logs out', async () => {
    const email = newEmail();
    const registered = await register(email.toUpperCase());
    expect(registered.status).toBe(201);
    expect(registered.body).toEqual({ userId: expect.stringMatching(/^[0-9a-f-]{36}$/) });

    const first = await logIn({ email, password });
    expect(first.status).toBe(200);
    expect(first.headers['cache-control']).toBe('no-store');
    const tokens = {
      accessToken: expect.any(String),
      refreshToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 900,
    };
    expect(first.body).toEqual({ ...tokens, deviceToken: expect.any(String) });
    expect(await usable(first.body.accessToken)).toBe(true);

    const next = await post('/v1/auth/refresh', { refreshToken: first.body.refreshToken });
    expect(next.status).toBe(200);
    expect(next.body).toEqual(tokens);
    await post('/v1/auth/logout', { refreshToken: next.body.refreshToken }).expect(204);
    await post('/v1/auth/refresh', { refreshToken: next.body.refreshToken }).expect(401);
    expect(await usable(next.body.accessToken), 'at once').toBe(false);
  });

  it('registers once under an Idempotency-Key and answers the same bytes', async () => {
    const key = randomUUID();
    const send = (email: string) => register(email).set('idempotency-key', key);
    const email = newEmail();
    const [first, second] = [await send(email), await send(email)];
    expect(first.status).toBe(201);
    expect(second.text).toBe(first.text);
    await send(newEmail()).expect(422);
  });

  it('S5 issues tokens of the type at+jwt, under a published key, with nothing personal in them', async () => {
    const { accessToken, userId, email } = await somebody();
    const { header, payload } = jwt.decode(accessToken, { complete: true }) ?? {};
    const { body, headers } = await request(program.url).get('/.well-known/jwks.json').expect(200);
    expect(headers['cache-control']).toBe('public, max-age=300');
    expect(header).toEqual({ alg: 'RS256', typ: 'at+jwt', kid: body.keys[0].kid });
    expect(payload).toMatchObject({ sub: userId, roles: ['customer'], iss: 'fissile', aud: 'fissile' });
    expect(JSON.stringify(payload)).not.toMatch(email);
  });

  it('S25 answers a wrong password, an unknown account and a disabled one the same', async () => {
    const { email } = await somebody();
    const disabled = await somebody();
    const { body: admin } = await logIn(administrator);
    await post(`/v1/auth/accounts/${disabled.userId}/disable`, {}, admin.accessToken).expect(204);
    const answers = [
      await logIn({ email, password: 'not the right password' }),
      await logIn({ email: newEmail(), password: 'not the right password' }),
      await logIn({ email: disabled.email, password }),
    ];
    const told = answers.map(({ status, body: { requestId: _, ...body }, headers }) => ({
      status,
      body,
      names: Object.keys(headers),
    }));
    expect(told[0]).toMatchObject({ status: 401, body: { code: 'auth.wrong-credentials' } });
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toEqual(told[0]);
  });

  it('S25 answers a registration the same, whether the address has an account or not', async () => {
    const email = newEmail();
    const answers = [await register(email), await register(email)];
    const told = answers.map(({ status, body, headers }) => ({
      status,
      fields: Object.keys(body),
      names: Object.keys(headers),
    }));
    expect(told[1]).toEqual(told[0]);
    expect(answers[1]?.body.userId).not.toBe(answers[0]?.body.userId);
    await logIn({ email, password }).expect(200);
  });

  it('S13 ends a session whose refresh token comes a second time, access tokens included', async () => {
    const { refreshToken, accessToken } = await somebody();
    const { body: next } = await post('/v1/auth/refresh', { refreshToken }).expect(200);
    const { body: last } = await post('/v1/auth/refresh', { refreshToken: next.refreshToken }).expect(200);
    const reused = await post('/v1/auth/refresh', { refreshToken });
    expect(reused.status).toBe(401);
    expect(reused.body.code).toBe('auth.invalid-refresh-token');
    await post('/v1/auth/refresh', { refreshToken: last.refreshToken }).expect(401);
    expect([await usable(accessToken), await usable(last.accessToken)]).toEqual([false, false]);
  });

  it('S13 gives two tabs that refresh at once the same next token, which works', async () => {
    const { refreshToken } = await somebody();
    const answers = await Promise.all([1, 2].map(() => post('/v1/auth/refresh', { refreshToken })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[1]?.body.refreshToken).toBe(answers[0]?.body.refreshToken);
    await post('/v1/auth/refresh', { refreshToken: answers[0]?.body.refreshToken }).expect(200);
  });

  it('S26 answers 429 with Retry-After after several wrong passwords', async () => {
    const email = newEmail();
    const statuses = [];
    for (let attempt = 0; attempt < 6; attempt++)
      statuses.push((await logIn({ email, password: 'a wrong guess of mine' })).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401]);
    // On a slow machine a second may have gone by, and then the next one waits for two, or four.
    let delayed = await logIn({ email, password: 'a wrong guess of mine' });
    for (let more = 0; more < 6 && delayed.status === 401; more++)
      delayed = await logIn({ email, password: 'a wrong guess of mine' });
    expect(delayed.status).toBe(429);
    expect(delayed.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    expect(delayed.body.code).toBe('auth.too-many-attempts');
  });

  it('S26 gives a device a token that outlives the session, and no other account takes it', async () => {
    const [somebodyElse, email] = [await somebody(), newEmail()];
    await register(email).expect(201);
    const { deviceToken, refreshToken } = (await logIn({ email, password }).expect(200)).body;
    await post('/v1/auth/logout', { refreshToken }).expect(204);
    expect((await logIn({ email, password, deviceToken })).body.deviceToken).toBe(deviceToken);
    const elsewhere = await logIn({ email: somebodyElse.email, password, deviceToken });
    expect(elsewhere.status).toBe(200);
    expect(elsewhere.body.deviceToken).not.toBe(deviceToken);
  });

  it('S27 changes the password for who knows it, and ends the other sessions', async () => {
    const { email, accessToken } = await somebody();
    const { body: other } = await logIn({ email, password });
    const change = (currentPassword: string, to: string) =>
      post('/v1/auth/password', { currentPassword, newPassword: to }, accessToken);
    await change('not the right password', newPassword).expect(401);
    const weak = await change(password, 'qwertyuiop12345');
    expect(weak.status).toBe(400);
    expect(JSON.stringify(weak.body.errors)).toMatch('/newPassword');
    await change(password, newPassword).expect(204);
    expect([await usable(accessToken), await usable(other.accessToken)]).toEqual([true, false]);
    await logIn({ email, password }).expect(401);
    await logIn({ email, password: newPassword }).expect(200);
  });

  it('S28 puts a disabled user out at once, until they are enabled', async () => {
    const { userId, email, accessToken, refreshToken } = await somebody();
    const { body: admin } = await logIn(administrator);
    expect(await usable(accessToken)).toBe(true);
    await post(`/v1/auth/accounts/${userId}/disable`, {}, admin.accessToken).expect(204);
    expect(await usable(accessToken)).toBe(false);
    await post('/v1/auth/refresh', { refreshToken }).expect(401);
    await post(`/v1/auth/accounts/${userId}/enable`, {}, admin.accessToken).expect(204);
    expect(await usable(accessToken), 'the old session stays ended').toBe(false);
    await logIn({ email, password }).expect(200);
  });

  it('S30 lets administrators alone disable and enable accounts', async () => {
    const [customer, victim] = [await somebody(), await somebody()];
    const { body: admin } = await logIn(administrator);
    for (const act of ['disable', 'enable']) {
      const path = `/v1/auth/accounts/${victim.userId}/${act}`;
      await post(path, {}).expect(401);
      await post(path, {}, customer.accessToken).expect(403);
      await post(`/v1/auth/accounts/${randomUUID()}/${act}`, {}, admin.accessToken).expect(404);
    }
    expect(await usable(victim.accessToken)).toBe(true);
    const { sub } = jwt.decode(admin.accessToken) as { sub: string };
    await post(`/v1/auth/accounts/${sub}/disable`, {}, admin.accessToken).expect(409);
  });

  it('S31 refuses a role, or anything else, that a registration has no field for', async () => {
    const sneaky = { email: newEmail(), password, name: 'Eve', roles: ['admin'] };
    expect((await post('/v1/auth/register', sneaky)).status).toBe(400);
  });

  it('refuses a name that is more than one line', async () => {
    const { status, body } = await post('/v1/auth/register', {
      email: newEmail(),
      password,
      name: 'Ada\r\nBcc: everybody@example.com',
    });
    expect(status).toBe(400);
    expect(body.errors).toMatchObject([{ path: '/name' }]);
  });

  it('S24 refuses a common password', async () => {
    const { status, body } = await post('/v1/auth/register', {
      email: newEmail(),
      password: 'passwordpassword',
      name: 'Ada',
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'auth.weak-password' });
    expect(JSON.stringify(body.errors)).toMatch('/password');
  });

  it('S40 logs no password, token or e-mail address', async () => {
    const { email, accessToken, refreshToken } = await somebody();
    await logIn({ email, password: 'a wrong guess of mine' });
    const { body } = await post('/v1/auth/refresh', { refreshToken });
    await post('/v1/auth/refresh', { refreshToken: body.refreshToken });
    await post('/v1/auth/refresh', { refreshToken });
    const log = program.logged.join('\n');
    expect(log).toMatch('A login failed.');
    expect(log).toMatch('came a second time');
    for (const secret of [
      email,
      password,
      'a wrong guess',
      accessToken,
      refreshToken,
      administrator.password,
      'Lovelace',
    ])
      expect(log).not.toContain(secret);
  });
});

describe('the administrator', () => {
  it('is announced once, and is there after a restart', async () => {
    expect(program.announced.filter((line) => line.includes(administrator.email))).toHaveLength(1);
    const again = await startTestProgram({
      modules: ['auth'],
      databaseUrl: program.databaseUrl,
      environment: { ADMIN_EMAIL: administrator.email, AUTH_KEY_SECRET: 'a secret of more than thirty-two characters' },
    });
    try {
      expect(again.announced.join()).not.toContain(administrator.email);
      await request(again.url).post('/v1/auth/login').send(administrator).expect(200);
    } finally {
      await again.stop();
    }
  });
});

describe('in production', () => {
  it('the program does not start without a secret for its signing keys', async () => {
    const start = startTestProgram({ modules: ['auth'], environment: { NODE_ENV: 'production' } });
    await expect(start).rejects.toThrow('Wrong environment variable AUTH_KEY_SECRET: is needed in production');
  });

  it('signing keys from before there was a secret are sealed at the next start, and go on signing', async () => {
    const before = await startTestProgram({ modules: ['auth'] });
    const { databaseUrl } = before;
    const sql = await connect(new URL(databaseUrl).pathname.slice(1));
    const stored = async () =>
      (await sql.query('select private_key from auth.signing_keys')).rows.map(({ private_key }) => private_key);
    const keys = async ({ url }: TestProgram) => (await request(url).get('/.well-known/jwks.json')).body;
    try {
      expect(await stored()).toEqual([expect.stringMatching('PRIVATE KEY')]);
      const environment = { NODE_ENV: 'production', HOST: '127.0.0.1', AUTH_KEY_SECRET: 'k'.repeat(32) };
      const after = await startTestProgram({ modules: ['auth'], databaseUrl, environment });
      try {
        expect(await stored()).toEqual([expect.stringMatching(/^sealed-1\./)]);
        expect(await keys(after)).toEqual(await keys(before));
        await request(after.url)
          .post('/v1/auth/register')
          .send({ email: 'ada@example.com', password, name: 'Ada' })
          .expect(201);
        const { body } = await request(after.url)
          .post('/v1/auth/login')
          .send({ email: 'ada@example.com', password })
          .expect(200);
        const change = request(before.url).post('/v1/auth/password').set('authorization', `Bearer ${body.accessToken}`);
        expect((await change.send({})).status, 'the same key signs').toBe(400);
      } finally {
        await after.stop();
      }
    } finally {
      await sql.end();
      await before.stop();
    }
  });
});

describe('a restart without the secret of the keys', () => {
  it('S8 still believes the tokens from before, and signs under a new key', async () => {
    const { accessToken } = await somebody();
    const again = await startTestProgram({ modules: ['auth'], databaseUrl: program.databaseUrl });
    try {
      const change = request(again.url).post('/v1/auth/password').set('authorization', `Bearer ${accessToken}`);
      expect((await change.send({})).status).toBe(400);
      const { body } = await request(again.url).post('/v1/auth/login').send(administrator);
      const kidOf = (token: string) => jwt.decode(token, { complete: true })?.header.kid;
      expect(kidOf(body.accessToken)).toBeDefined();
      expect(kidOf(body.accessToken)).not.toBe(kidOf(accessToken));
    } finally {
      await again.stop();
    }
  });
});
