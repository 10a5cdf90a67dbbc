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

/** The parties of tokens that are believed: any of the issuers, and the one audience. */
export interface TrustedParties {
  readonly issuers: readonly string[];
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
/** RFC 9068; tokens of earlier releases have the first five. */
const Claims = z
  .object({
    sub: z.uuid(),
    sid: z.uuid(),
    roles: z.array(z.string().min(1).max(50)).max(10),
    exp: z.int().positive(),
    aud: z.string(),
    auth_time: z.int().nonnegative().optional(),
    amr: z.array(z.string().max(20)).max(10).optional(),
    acr: z.string().max(100).optional(),
    email_verified: z.boolean().optional(),
    client_id: z.string().min(1).max(200).optional(),
    scope: z.string().max(2_000).optional(),
  })
  // Without the application that it limits, a scope would let in whom it keeps out.
  .refine(({ client_id, scope }) => client_id !== undefined || scope === undefined, { path: ['client_id'] });

/** `lifetime` is in seconds. */
export function signAccessToken(
  principal: Principal,
  key: SigningKey,
  { issuer, audience, lifetime, now }: TokenParties & { lifetime: number; now: Date },
): string {
  const issuedAt = Math.floor(now.getTime() / 1000);
  const claims = {
    ...claimsOf(principal),
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
  { issuers, audience, now }: TrustedParties & { now: Date },
): VerifiedToken {
  keyIdOf(token);
  let payload: unknown;
  try {
    payload = jwt.verify(token, key, {
      algorithms: ['RS256'],
      issuer: issuers as [string, ...string[]],
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
  return { principal: principalOf(claims.data), expiresAt: claims.data.exp * 1000 };
}

/** All of the principal but `sub`. */
const claimsOf = ({ sessionId, roles, application, authenticatedAt, amr, acr, emailVerified }: Principal) => ({
  sid: sessionId,
  roles,
  ...(authenticatedAt !== undefined && { auth_time: Math.floor(authenticatedAt / 1000) }),
  ...(amr && { amr }),
  ...(acr !== undefined && { acr }),
  ...(emailVerified !== undefined && { email_verified: emailVerified }),
  ...(application && { client_id: application.id, scope: application.scopes.join(' ') }),
});

const principalOf = (claims: z.output<typeof Claims>): Principal => {
  const { sub, sid, roles, auth_time, amr, acr, email_verified, client_id, scope = '' } = claims;
  return {
    userId: sub,
    sessionId: sid,
    roles,
    ...(client_id !== undefined && { application: { id: client_id, scopes: scope.split(' ').filter(Boolean) } }),
    ...(auth_time !== undefined && { authenticatedAt: auth_time * 1000 }),
    ...(amr && { amr }),
    ...(acr !== undefined && { acr }),
    ...(email_verified !== undefined && { emailVerified: email_verified }),
  };
};
