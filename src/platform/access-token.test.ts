import { createHmac, createPublicKey, createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { describe, expect, it } from 'vitest';
import { parties, signingKey, somebody, tokenFor } from '../../tests/support/gateway.ts';
import { keyIdOf, RefusedToken, signAccessToken, verifyAccessToken } from './access-token.ts';

const publicKey = createPublicKey(signingKey.privateKey);
const now = new Date('2030-01-01T12:00:00Z');
const seconds = (date: Date) => date.getTime() / 1000;
const person = somebody('admin');
const verify = (token: string, key: KeyObject = publicKey) => verifyAccessToken(token, key, { ...parties, now });

const header = { alg: 'RS256', typ: 'at+jwt', kid: signingKey.kid };
const claims = {
  sub: person.userId,
  sid: person.sessionId,
  roles: person.roles,
  iss: 'fissile',
  aud: 'fissile',
  iat: seconds(now),
  nbf: seconds(now),
  exp: seconds(now) + 900,
};
const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
/** Signs whatever it is given, properly: what is refused is refused for what it says. */
function forge(headerChanges: object, claimChanges: object = {}, key: KeyObject = signingKey.privateKey): string {
  const content = `${encode({ ...header, ...headerChanges })}.${encode({ ...claims, ...claimChanges })}`;
  return `${content}.${createSign('sha256').update(content).sign(key, 'base64url')}`;
}
const refused = (token: string) => expect(() => verify(token)).toThrow(RefusedToken);

describe('an access token', () => {
  it('tells who it was signed for, and until when it counts', () => {
    const token = signAccessToken(person, signingKey, { ...parties, lifetime: 900, now });
    expect(verify(token)).toEqual({ principal: person, expiresAt: now.getTime() + 900_000 });
    expect(verify(forge({})), 'the forger of these tests can sign').toEqual({
      principal: person,
      expiresAt: now.getTime() + 900_000,
    });
  });

  it('tells how its person logged in, and which application holds it', () => {
    const known = {
      ...person,
      application: { id: 'reader', scopes: ['books:read', 'profile'] },
      authenticatedAt: now.getTime() - 60_000,
      amr: ['pwd', 'otp', 'mfa'],
      acr: 'urn:fissile:2',
      emailVerified: false,
    };
    const token = signAccessToken(known, signingKey, { ...parties, lifetime: 900, now });
    expect(verify(token).principal).toEqual(known);
    expect(jwt.decode(token)).toMatchObject({
      client_id: 'reader',
      scope: 'books:read profile',
      auth_time: seconds(now) - 60,
      amr: ['pwd', 'otp', 'mfa'],
      acr: 'urn:fissile:2',
      email_verified: false,
    });
  });

  it('may come from any of several issuers, and from no other', () => {
    const issuers = ['fissile', 'https://shop.example'];
    const from = (iss: unknown) => verifyAccessToken(forge({}, { iss }), publicKey, { ...parties, issuers, now });
    for (const iss of issuers) expect(from(iss).principal).toEqual(person);
    for (const iss of ['https://shop.example/', 'https://shop', issuers, undefined])
      expect(() => from(iss), String(iss)).toThrow(RefusedToken);
  });

  it('S1 is refused without a signature or under an algorithm that is not RS256', () => {
    refused(`${encode({ ...header, alg: 'none' })}.${encode(claims)}.`);
    refused(`${encode({ ...header, alg: 'None' })}.${encode(claims)}.`);
    for (const alg of ['RS384', 'RS512', 'PS256'] as const)
      refused(jwt.sign(claims, signingKey.privateKey, { algorithm: alg, header: { ...header, alg } }));
    const { privateKey: ec } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    refused(jwt.sign(claims, ec, { algorithm: 'ES256', header: { ...header, alg: 'ES256' } }));
  });

  it('S2 is refused when the public key was used as the secret of an HMAC', () => {
    const content = `${encode({ ...header, alg: 'HS256' })}.${encode(claims)}`;
    for (const secret of [
      publicKey.export({ type: 'spki', format: 'pem' }),
      publicKey.export({ type: 'spki', format: 'der' }),
    ]) {
      refused(`${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`);
    }
  });

  it('S3 is never verified by a key that it brings along or points to', () => {
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwk = stranger.publicKey.export({ format: 'jwk' });
    for (const extra of [
      { jwk },
      { jku: 'https://evil.example/jwks.json' },
      { x5u: 'https://evil.example/cert.pem' },
      { x5c: ['MIIB'] },
    ]) {
      refused(forge(extra, {}, stranger.privateKey));
      expect(verify(forge(extra)).principal, 'beside a good signature it is ignored').toEqual(person);
    }
  });

  it('S3 without a key id is refused', () => {
    refused(forge({ kid: undefined }));
    refused(forge({ kid: '' }));
    refused(forge({ kid: { toString: 'test-key' } }));
    expect(keyIdOf(forge({ kid: 'other' }))).toBe('other');
  });

  it('S4 that never expires, has expired, or is not valid yet is refused', () => {
    refused(forge({}, { exp: undefined }));
    refused(forge({}, { exp: 'tomorrow' }));
    refused(forge({}, { exp: seconds(now) - 6 }));
    refused(forge({}, { nbf: seconds(now) + 6 }));
    refused(forge({}, { nbf: 'yesterday' }));
  });

  it('S5 of another type is refused', () => {
    for (const typ of [undefined, 'JWT', 'jwt', 'dpop+jwt', 'logout+jwt', 'at+jwt+x']) refused(forge({ typ }));
    expect(verify(forge({ typ: 'application/at+jwt' })).principal).toEqual(person);
  });

  it('S6 of another issuer or for another audience is refused', () => {
    for (const iss of [undefined, 'fissile.evil.example', 'Fissile', ['fissile']]) refused(forge({}, { iss }));
    for (const aud of [undefined, 'other', ['fissile', 'other'], []]) refused(forge({}, { aud }));
  });

  it('S7 with critical extensions is refused', () => {
    for (const crit of [['b64'], ['exp'], [], 'exp']) refused(forge({ crit, b64: true }));
  });

  it('is refused when it is changed, cut, too long, or nothing of the kind', () => {
    const token = tokenFor(person, { now });
    const [head, body, signature] = token.split('.') as [string, string, string];
    refused(`${head}.${encode({ ...claims, roles: ['admin'] })}.${signature}`);
    refused(`${head}.${body}`);
    refused(`${head}.${body}.`);
    refused(`${token}.${signature}`);
    refused(forge({}, { padding: 'x'.repeat(5_000) }));
    for (const nonsense of ['', '.', '..', 'a.b.c', '{}', 'null']) refused(nonsense);
  });

  it.each([
    ['no person', { sub: undefined }],
    ['no session', { sid: undefined }],
    ['a person that is no id', { sub: 'admin' }],
    ['a role that is no text', { roles: [7] }],
    ['roles that are no list', { roles: 'admin' }],
    ['a scope of no application', { scope: 'books:read' }],
    ['an application without a name', { client_id: '' }],
    ['a login that is no time', { auth_time: 'today' }],
  ])('with %s is refused', (_, changes) => refused(forge({}, changes)));
});
