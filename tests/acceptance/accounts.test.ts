import { describe, expect, it } from 'vitest';
import { customer, somebody, Visitor } from './client.ts';

const logIn = (visitor: Visitor, person: { email: string; password: string }) =>
  visitor.post('/v1/auth/login', { email: person.email, password: person.password });

describe('an account', () => {
  it('is opened by registering and used by logging in', async () => {
    const visitor = new Visitor();
    const person = somebody();
    const registered = await visitor.post('/v1/auth/register', person);
    expect(registered.status).toBe(201);
    expect(registered.body).toEqual({ userId: expect.stringMatching(/^[0-9a-f-]{36}$/) });

    const { status, body } = await logIn(visitor, person);
    expect(status).toBe(200);
    expect(body).toEqual({
      accessToken: expect.any(String),
      refreshToken: expect.any(String),
      deviceToken: expect.any(String),
      tokenType: 'Bearer',
      expiresIn: 900,
    });
  });

  it('shows its profile at once', async () => {
    const someone = await customer();
    const { status, body } = await someone.get('/v1/users/me');
    expect(status).toBe(200);
    expect(body).toMatchObject({ userId: someone.userId, email: someone.person.email, name: someone.person.name });
  });

  it('belongs to any address that a browser takes, however it is typed', async () => {
    const { password, name } = somebody();
    const mailbox = `o'hara.${crypto.randomUUID()}!#$%&*+/=?^_{|}~-`;
    const visitor = new Visitor();
    const registered = await visitor.post('/v1/auth/register', { email: ` ${mailbox}@BÜCHER.example`, password, name });
    expect(registered.status).toBe(201);
    const email = `${mailbox}@xn--bcher-kva.example`;
    const { status, body } = await logIn(visitor, { email: email.toUpperCase(), password });
    expect(status).toBe(200);
    visitor.accessToken = body.accessToken;
    expect((await visitor.get('/v1/users/me')).body).toMatchObject({ email });
  });

  it('answers a wrong password exactly as an unknown account', async () => {
    const { person } = await customer();
    const stranger = new Visitor();
    const wrong = await logIn(stranger, { ...person, password: 'not the password at all' });
    const unknown = await logIn(stranger, { ...somebody(), password: 'not the password at all' });
    expect(wrong.status).toBe(401);
    const told = ({ body: { requestId: _id, instance: _instance, ...rest } }: typeof wrong) => rest;
    expect(told(unknown)).toEqual(told(wrong));
    expect(unknown.status).toBe(401);
  });

  it('is not given away, nor touched, by registering its address again, however it is written', async () => {
    const { person } = await customer();
    const again = { ...somebody(), email: person.email.toUpperCase() };
    const { status, body } = await new Visitor().post('/v1/auth/register', again);
    expect(status).toBe(201);
    expect(body).toEqual({ userId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
    expect((await logIn(new Visitor(), again)).status).toBe(401);
    expect((await logIn(new Visitor(), person)).status).toBe(200);
  });

  it('says which fields of a registration are wrong', async () => {
    const { status, headers, body } = await new Visitor().post('/v1/auth/register', { email: 'nobody', password: 'x' });
    expect(status).toBe(400);
    expect(headers.get('content-type')).toMatch('application/problem+json');
    expect(JSON.stringify(body.errors)).toMatch('email');
    expect(JSON.stringify(body.errors)).toMatch('name');
  });
});

describe('a session', () => {
  it('goes on by refreshing, and ends when a refresh token comes again whose successor was used', async () => {
    const visitor = new Visitor();
    const person = somebody();
    await visitor.post('/v1/auth/register', person);
    const first = (await logIn(visitor, person)).body;
    const second = await visitor.post('/v1/auth/refresh', { refreshToken: first.refreshToken });
    expect(second.status).toBe(200);
    expect(second.body.refreshToken).not.toBe(first.refreshToken);
    const third = await visitor.post('/v1/auth/refresh', { refreshToken: second.body.refreshToken });
    expect(third.status).toBe(200);

    const reused = await visitor.post('/v1/auth/refresh', { refreshToken: first.refreshToken });
    expect(reused.status).toBe(401);
    const afterReuse = await visitor.post('/v1/auth/refresh', { refreshToken: third.body.refreshToken });
    expect(afterReuse.status, 'the whole family has ended').toBe(401);
    visitor.accessToken = third.body.accessToken;
    expect((await visitor.get('/v1/users/me')).status, 'its access tokens too').toBe(401);
  });

  it('ends by logging out', async () => {
    const visitor = new Visitor();
    const person = somebody();
    await visitor.post('/v1/auth/register', person);
    const { accessToken, refreshToken } = (await logIn(visitor, person)).body;
    expect((await visitor.post('/v1/auth/logout', { refreshToken })).status).toBe(204);
    expect((await visitor.post('/v1/auth/refresh', { refreshToken })).status).toBe(401);
    visitor.accessToken = accessToken;
    expect((await visitor.get('/v1/users/me')).status).toBe(401);
  });

  it('survives a change of its password, and no other session does', async () => {
    const someone = await customer();
    const elsewhere = new Visitor();
    elsewhere.accessToken = (await logIn(elsewhere, someone.person)).body.accessToken;

    const wrong = await someone.post('/v1/auth/password', {
      currentPassword: 'not my password',
      newPassword: 'another long password here',
    });
    expect(wrong.status).toBe(401);
    const newPassword = `another long password ${someone.userId}`;
    const changed = await someone.post('/v1/auth/password', { currentPassword: someone.person.password, newPassword });
    expect(changed.status).toBe(204);

    expect((await someone.get('/v1/users/me')).status).toBe(200);
    expect((await elsewhere.get('/v1/users/me')).status).toBe(401);
    expect((await logIn(new Visitor(), someone.person)).status).toBe(401);
    expect((await logIn(new Visitor(), { ...someone.person, password: newPassword })).status).toBe(200);
  });
});
