import { createPublicKey, type KeyObject } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { keyIdOf, verifyAccessToken } from '#platform/access-token.ts';
import type { Session } from '../domain/sessions.ts';
import { anAccount, aSession, day, hour, minute, SteppedClock } from '../testing/accounts.ts';
import { InMemorySigningKeys } from '../testing/in-memory-signing-keys.ts';
import { SignedAccessTokens } from './signed-access-tokens.ts';

const parties = { publicIssuer: 'https://shop.example', issuer: 'https://issuer.example', audience: 'shop' };
const lifetime = 15 * minute;
const session: Session = { ...aSession(anAccount()), amr: ['otp', 'pwd', 'mfa'] };

let clock: SteppedClock;
let store: InMemorySigningKeys;
let tokens: SignedAccessTokens;
const anInstance = () =>
  new SignedAccessTokens(store, clock, { ...parties, lifetime, keyPeriod: 30 * day, elapsed: clock.elapsed });
beforeEach(() => {
  clock = new SteppedClock();
  store = new InMemorySigningKeys();
  tokens = anInstance();
});

const issue = async (by = tokens) => (await by.issue(session)).accessToken;
const published = async (by = tokens) => (await by.publicKeys()).map(({ kid }) => kid);

/** As somebody does who has nothing but the published keys. */
async function verify(token: string) {
  const keys = new Map<string, KeyObject>();
  for (const jwk of await tokens.publicKeys()) keys.set(jwk.kid, createPublicKey({ key: { ...jwk }, format: 'jwk' }));
  const key = keys.get(keyIdOf(token));
  if (!key) throw new Error('unknown key');
  return verifyAccessToken(token, key, { ...parties, issuers: [parties.issuer], now: clock.now() });
}

/** As the schedule does, every hour. */
async function pass(milliseconds: number) {
  for (let left = milliseconds; left > 0; left -= hour) {
    clock.advance(Math.min(left, hour));
    await tokens.renewKeys();
  }
}

describe('access tokens', () => {
  it('say who, in which session, with which roles and since which proof, for as long as they say', async () => {
    const { accessToken, expiresIn } = await tokens.issue(session);
    expect(expiresIn).toBe(900);
    expect(await verify(accessToken)).toEqual({
      principal: {
        userId: session.accountId,
        sessionId: session.id,
        roles: ['customer'],
        authenticatedAt: session.authenticatedAt.getTime(),
        amr: ['otp', 'pwd', 'mfa'],
        acr: 'urn:fissile:2',
      },
      expiresAt: clock.now().getTime() + lifetime,
    });
  });

  it('S8 are published with nothing private, under 2048 bits or more', async () => {
    await issue();
    const keys = await tokens.publicKeys();
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    expect(Buffer.from(keys[0]?.n ?? '', 'base64url').length * 8).toBeGreaterThanOrEqual(2048);
  });
});

describe('signing keys', () => {
  it('are made once for a first token and a first start', async () => {
    await tokens.renewKeys();
    await tokens.renewKeys();
    await issue();
    expect(store.keys).toHaveLength(1);
  });

  it('S8 rotate after 30 days, and the next is published a day before it signs', async () => {
    await tokens.renewKeys();
    const [first] = await published();
    await pass(29 * day - hour);
    expect(await published()).toEqual([first]);
    await pass(hour);
    const [, second] = await published();
    expect(second).toBeDefined();
    await pass(day - hour);
    expect(keyIdOf(await issue())).toBe(first);
    await pass(hour);
    expect(keyIdOf(await issue())).toBe(second);
    await pass(29 * day);
    expect((await published()).at(-1), 'and so on').not.toBe(second);
  });

  it('S8 verify until the last token under them has expired, and are dead then', async () => {
    await tokens.renewKeys();
    const [first = ''] = await published();
    await pass(30 * day - hour);
    clock.advance(hour - 1);
    const last = await issue();
    expect(keyIdOf(last)).toBe(first);
    clock.advance(lifetime - 1_000);
    await expect(verify(last)).resolves.toBeDefined();
    clock.advance(2 * minute);
    expect(await published(), 'even when no schedule runs').not.toContain(first);
    await expect(verify(last)).rejects.toThrow('unknown key');
    await tokens.renewKeys();
    expect(store.keys.map(({ publicKey }) => publicKey.kid)).not.toContain(first);
  });

  it('are replaced on the spot when the schedule did not run for long', async () => {
    await issue();
    clock.advance(100 * day);
    await expect(verify(await issue())).resolves.toBeDefined();
  });

  it('are one between instances that start at the same time', async () => {
    const others = [anInstance(), anInstance(), anInstance()];
    const issued = await Promise.all(others.map(issue));
    expect(store.keys).toHaveLength(1);
    for (const token of issued) await expect(verify(token)).resolves.toBeDefined();
  });

  it('are replaced when what is stored cannot be opened, and still verify', async () => {
    const before = await issue();
    store.keys = store.keys.map((key) => ({ ...key, privateKey: undefined }));
    tokens = anInstance();
    const after = await issue();
    expect(keyIdOf(after)).not.toBe(keyIdOf(before));
    await expect(verify(before)).resolves.toBeDefined();
    await expect(verify(after)).resolves.toBeDefined();
  });

  it.each([
    ['', 0],
    [', although the clock is set back by an hour', hour],
  ])('are dead within half a minute when an operator deletes them%s', async (_, setBack) => {
    await issue();
    clock.advance(2 * hour);
    const leaked = await issue();
    store.keys = [];
    clock.setBack(setBack);
    clock.advance(30_000);
    const fresh = await issue();
    await expect(verify(leaked)).rejects.toThrow('unknown key');
    await expect(verify(fresh)).resolves.toBeDefined();
  });
});
