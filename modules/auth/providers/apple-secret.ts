import { createPrivateKey, sign } from 'node:crypto';
import type { AppleKey } from '../settings.ts';

/** Seconds. Apple takes up to six months; one is made for each request. */
const lifetime = 300;

/** Apple's client secret: a JWT under the developer's own key (https://developer.apple.com/documentation/accountorganizationaldatasharing/creating-a-client-secret). */
export function appleSecret(client: string, { team, keyId, key }: AppleKey, at: Date): string {
  const now = Math.floor(at.getTime() / 1_000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'ES256', kid: keyId })}.${part({
    iss: team,
    sub: client,
    aud: 'https://appleid.apple.com',
    iat: now,
    exp: now + lifetime,
  })}`;
  const signature = sign('sha256', Buffer.from(signed), { key: createPrivateKey(key), dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}
