import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { parties, publicJwk, signingKey, somebody, TestAuthenticator } from '../../../tests/support/gateway.ts';
import type { Principal } from '#platform/context.ts';
import { RefusedToken, signAccessToken } from '#platform/access-token.ts';
import { TokenVerifier } from './token-verifier.ts';

const otherPair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherKey = { kid: 'other-key', privateKey: otherPair.privateKey };
const otherJwk = { ...publicJwk, ...otherPair.publicKey.export({ format: 'jwk' }), kid: otherKey.kid };

/** Counts what it is asked, and can be told to take its time. */
class CountingAuthenticator extends TestAuthenticator {
  published = [publicJwk];
  keysAsked = 0;
  livenessAsked = 0;
  answer: Promise<unknown> = Promise.resolve();

  override async keys() {
    this.keysAsked += 1;
    await super.keys();
    return this.published;
  }

  override async isLive(principal: Principal) {
    this.livenessAsked += 1;
    const live = await super.isLive(principal);
    await this.answer;
    return live;
  }
}

function setUp({ capacity = 100 } = {}) {
  let time = Date.parse('2030-01-01T12:00:00Z');
  let uptime = 5_000;
  const authenticator = new CountingAuthenticator();
  const clock = { now: () => new Date(time) };
  const verifier = new TokenVerifier({ ...parties, authenticator, clock, elapsed: () => uptime, capacity });
  const person = somebody();
  const sign = (key = signingKey, lifetime = 900) =>
    signAccessToken(person, key, { ...parties, lifetime, now: clock.now() });
  const pass = (seconds: number) => {
    time += seconds * 1000;
    uptime += seconds * 1000;
  };
  return { authenticator, verifier, person, sign, pass, setBack: (seconds: number) => void (time -= seconds * 1000) };
}

describe('verifying an access token', () => {
  it('asks once for a token that is sent often', async () => {
    const { authenticator, verifier, person, sign } = setUp();
    const token = sign();
    expect(verifier.recall(token)).toBeUndefined();
    await Promise.all([verifier.verify(token), verifier.verify(token), verifier.verify(token)]);
    expect(verifier.recall(token)).toEqual(person);
    expect([authenticator.keysAsked, authenticator.livenessAsked]).toEqual([1, 1]);
  });

  it('remembers all that the token says of its person and its application', async () => {
    const { verifier, person, pass } = setUp();
    const known = {
      ...person,
      application: { id: 'reader', scopes: ['loans:read'] },
      authenticatedAt: 0,
      amr: ['pwd'],
    };
    const token = signAccessToken(known, signingKey, {
      ...parties,
      lifetime: 900,
      now: new Date('2030-01-01T12:00:00Z'),
    });
    expect(await verifier.verify(token)).toEqual(known);
    pass(29.9);
    expect(verifier.recall(token)).toEqual(known);
  });

  it('is done again after 30 seconds', async () => {
    const { verifier, person, sign, pass } = setUp();
    const token = sign();
    await verifier.verify(token);
    pass(29.9);
    expect(verifier.recall(token)).toEqual(person);
    pass(0.2);
    expect(verifier.recall(token)).toBeUndefined();
  });

  it('S4 never outlives the token', async () => {
    const { verifier, sign, pass } = setUp();
    const token = sign(signingKey, 10);
    await verifier.verify(token);
    pass(10);
    expect(verifier.recall(token)).toBeUndefined();
  });

  it('S4 is done again after 30 seconds although the clock was set back by an hour meanwhile', async () => {
    const { authenticator, verifier, person, sign, pass, setBack } = setUp();
    const token = sign(signingKey, 7_200);
    await verifier.verify(token);
    authenticator.ended.add(person.sessionId);
    setBack(3_600);
    pass(31);
    expect(verifier.recall(token)).toBeUndefined();
  });

  it('S8 asks for the keys again after 30 seconds although the clock was set back by an hour meanwhile', async () => {
    const { authenticator, verifier, sign, pass, setBack } = setUp();
    await verifier.verify(sign());
    authenticator.published = [otherJwk];
    setBack(3_600);
    pass(31);
    await expect(verifier.verify(sign())).rejects.toThrow('It names a key that is not ours.');
  });

  it('forgets at once what belongs to a session that ended', async () => {
    const { authenticator, verifier, person, sign } = setUp();
    const token = sign();
    await verifier.verify(token);
    authenticator.end(person.sessionId);
    expect(verifier.recall(token)).toBeUndefined();
    await expect(verifier.verify(token)).rejects.toThrow(RefusedToken);
  });

  it('remembers nothing after it may have missed the end of a session', async () => {
    const { authenticator, verifier, person, sign } = setUp();
    const token = sign();
    await verifier.verify(token);
    authenticator.endUnheard(person.sessionId);
    expect(verifier.recall(token)).toBeUndefined();
    await expect(verifier.verify(token)).rejects.toThrow(RefusedToken);
  });

  it('does not remember a session that ended while it was asked about', async () => {
    const { authenticator, verifier, person, sign } = setUp();
    const token = sign();
    const slow = Promise.withResolvers<void>();
    authenticator.answer = slow.promise;
    const verification = verifier.verify(token);
    await expect.poll(() => authenticator.livenessAsked).toBe(1);
    authenticator.end(person.sessionId);
    slow.resolve();
    await verification;
    expect(verifier.recall(token)).toBeUndefined();
  });

  it('remembers a bounded number of tokens, the latest ones', async () => {
    const { verifier, sign } = setUp({ capacity: 2 });
    const tokens = [sign(signingKey, 900), sign(signingKey, 901), sign(signingKey, 902)];
    for (const token of tokens) await verifier.verify(token);
    expect(tokens.map((token) => verifier.recall(token) !== undefined)).toEqual([false, true, true]);
  });

  it('S3 refuses an unknown key, and does not ask for the keys again and again', async () => {
    const { authenticator, verifier, sign, pass } = setUp();
    await verifier.verify(sign());
    pass(6);
    for (let time = 0; time < 10; time++)
      await expect(verifier.verify(sign(otherKey, 900 + time))).rejects.toThrow(RefusedToken);
    expect(authenticator.keysAsked).toBe(2);
  });

  it('S8 learns a new key when a token names it, and drops an old one within 30 seconds', async () => {
    const { authenticator, verifier, sign, pass } = setUp();
    await verifier.verify(sign());
    authenticator.published = [publicJwk, otherJwk];
    pass(6);
    await verifier.verify(sign(otherKey));
    authenticator.published = [otherJwk];
    pass(30);
    await expect(verifier.verify(sign(signingKey))).rejects.toThrow(RefusedToken);
  });

  it('fails as unavailable, not as refused, while nobody can be asked', async () => {
    const { authenticator, verifier, sign } = setUp();
    authenticator.reachable = false;
    await expect(verifier.verify(sign())).rejects.toMatchObject({ code: 'platform.unavailable', kind: 'unavailable' });
    authenticator.reachable = true;
    await expect(verifier.verify(sign())).resolves.toBeDefined();
  });
});
