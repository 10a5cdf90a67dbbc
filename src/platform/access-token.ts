/**
 * Access tokens: JWTs as RFC 9068 has them, RS256 and nothing else. jsonwebtoken checks the signature and the
 * times; by itself it also accepts a token that never expires, of any type, with extensions it does not know
 * (`crit`), so all of that is refused here first. Of the header only `kid` selects a key: `jku`, `x5u`, `jwk` and
 * `x5c` are never looked at.
 */
import type { KeyObject } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import type { Principal } from './context.ts';

export interface TokenParties {
  readonly issuer: string;
  readonly audience: string;
}

export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
}

export interface VerifiedToken {
  readonly principal: Principal;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

/** The token is not one of ours, or not any more. The reason is for the log, never for the sender. */
export class RefusedToken extends Error {
  override readonly name = 'RefusedToken';
}

const type = 'at+jwt';
const maxLength = 4_096;
/** Seconds by which the clocks of two machines may differ. */
const clockTolerance = 5;

const Header = z.object({
  alg: z.literal('RS256'),
  typ: z
    .string()
    .transform((text) => text.toLowerCase().replace(/^application\//, ''))
    .pipe(z.literal(type)),
  kid: z.string().min(1).max(200),
  crit: z.undefined().optional(),
});
const Claims = z.object({
  sub: z.uuid(),
  sid: z.uuid(),
  roles: z.array(z.string().min(1).max(50)).max(10),
  exp: z.int().positive(),
  aud: z.string(),
});

/** `lifetime` is in seconds. */
export function signAccessToken(
  principal: Principal,
  key: SigningKey,
  { issuer, audience, lifetime, now }: TokenParties & { lifetime: number; now: Date },
): string {
  const issuedAt = Math.floor(now.getTime() / 1000);
  const claims = {
    sid: principal.sessionId,
    roles: principal.roles,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + lifetime,
  };
  return jwt.sign(claims, key.privateKey, {
    algorithm: 'RS256',
    header: { alg: 'RS256', typ: type, kid: key.kid },
    subject: principal.userId,
    issuer,
    audience,
  });
}

/** The `kid` of a token that may be worth verifying; throws RefusedToken on one that can not be ours. */
export function keyIdOf(token: string): string {
  if (token.length > maxLength) throw new RefusedToken('It is too long.');
  const decoded = jwt.decode(token, { complete: true });
  const header = Header.safeParse(decoded?.header);
  if (!header.success)
    throw new RefusedToken(`Its header is not acceptable: ${header.error.issues[0]?.path.join('.')}.`);
  return header.data.kid;
}

/** `key` is the public key that `keyIdOf(token)` names. */
export function verifyAccessToken(
  token: string,
  key: KeyObject,
  { issuer, audience, now }: TokenParties & { now: Date },
): VerifiedToken {
  keyIdOf(token);
  let payload: unknown;
  try {
    payload = jwt.verify(token, key, {
      algorithms: ['RS256'],
      issuer,
      audience,
      clockTolerance,
      clockTimestamp: now.getTime() / 1000,
    });
  } catch (error) {
    throw new RefusedToken((error as Error).message);
  }
  const claims = Claims.safeParse(payload);
  if (!claims.success)
    throw new RefusedToken(`Its claims are not acceptable: ${claims.error.issues[0]?.path.join('.')}.`);
  const { sub, sid, roles, exp } = claims.data;
  return { principal: { userId: sub, sessionId: sid, roles }, expiresAt: exp * 1000 };
}
