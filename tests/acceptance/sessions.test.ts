/** A person's own sessions, on several devices. */
import { describe, expect, it } from 'vitest';
import { customer, eventually, type Person, Visitor } from './client.ts';

const claimsOf = (token: string) => JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString());

async function logIn({ email, password }: Person, device: string) {
  const visitor = new Visitor();
  const { body } = await visitor.post('/v1/auth/login', { email, password }, { 'user-agent': device });
  visitor.accessToken = body.accessToken;
  return Object.assign(visitor, { sessionId: claimsOf(body.accessToken).sid as string, tokens: body });
}

/** Other processes hear of it a moment later. */
const refused = (visitor: Visitor) =>
  eventually(
    () => visitor.get('/v1/users/me'),
    ({ status }) => status === 401,
  );

describe("a person's sessions", () => {
  it('are listed with the device and the network that each was used from', async () => {
    const { person } = await customer();
    const [laptop, phone] = [await logIn(person, 'Firefox on a laptop'), await logIn(person, 'Our app on a phone')];
    const { body } = await laptop.get('/v1/auth/sessions');
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
    const seen = {
      startedAt: at,
      lastUsedAt: at,
      authenticatedAt: at,
      network: expect.stringMatching(/^[\d.:a-f/]+$/),
    };
    expect(body.data.slice(1)).toEqual([
      { id: laptop.sessionId, ...seen, userAgent: 'Firefox on a laptop', current: true },
      { id: phone.sessionId, ...seen, userAgent: 'Our app on a phone', current: false },
    ]);
    expect(body.nextCursor).toBeNull();
  });

  it('S29 end one by one, at once, and nobody else ends them', async () => {
    const { person } = await customer();
    const [laptop, phone, stranger] = [await logIn(person, 'laptop'), await logIn(person, 'phone'), await customer()];
    const path = `/v1/auth/sessions/${phone.sessionId}`;
    expect(await stranger.delete(path)).toMatchObject({ status: 404, body: { code: 'auth.session-not-found' } });
    expect((await phone.get('/v1/users/me')).status).toBe(200);
    expect((await laptop.delete(path)).status).toBe(204);
    await refused(phone);
    expect((await phone.post('/v1/auth/refresh', { refreshToken: phone.tokens.refreshToken })).status).toBe(401);
    expect((await laptop.delete(path)).status).toBe(404);
  });

  it('end all but the one that asks', async () => {
    const { person } = await customer();
    const [laptop, phone] = [await logIn(person, 'laptop'), await logIn(person, 'phone')];
    expect((await laptop.post('/v1/auth/sessions/end-others')).status).toBe(204);
    await refused(phone);
    const { body } = await laptop.get('/v1/auth/sessions');
    expect(body.data.map(({ id }: { id: string }) => id)).toEqual([laptop.sessionId]);
  });

  it('become recent by the password, which their tokens then tell', async () => {
    const { person } = await customer();
    const laptop = await logIn(person, 'laptop');
    const { auth_time, acr, amr } = claimsOf(laptop.accessToken!);
    expect({ acr, amr }).toEqual({ acr: 'urn:fissile:1', amr: ['pwd'] });
    const wrong = await laptop.post('/v1/auth/step-up', { password: 'not the password of this person' });
    expect(wrong).toMatchObject({ status: 401, body: { code: 'auth.wrong-credentials' } });

    const renewed = await eventually(
      () => laptop.post('/v1/auth/step-up', { password: person.password }),
      ({ body }) => claimsOf(body.accessToken).auth_time > auth_time,
    );
    expect(renewed.body).not.toHaveProperty('refreshToken');
    const claims = claimsOf(renewed.body.accessToken);
    expect(claims.sid).toBe(laptop.sessionId);
    const { body } = await laptop.post('/v1/auth/refresh', { refreshToken: laptop.tokens.refreshToken });
    expect(claimsOf(body.accessToken).auth_time).toBeGreaterThanOrEqual(claims.auth_time);
  });
});
