// ADR 0023
/** Private keys and secrets of second factors at rest: AES-256-GCM under a secret that is not in the database. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { KeySealing } from '../domain/key-sealing.ts';

const format = 'sealed-1';
const algorithm = 'aes-256-gcm';

const isSealed = (stored: string): boolean => stored.split('.', 1)[0] === format;

/**
 * Without a secret they are stored as they are; those stored so before there was a secret stay readable. What was sealed
 * for one purpose opens for no other.
 */
export function keySealing(
  secret: string | undefined,
  purpose: 'auth signing keys' | 'auth totp secrets' = 'auth signing keys',
): KeySealing {
  const keyFor = (salt: Buffer) => Buffer.from(hkdfSync('sha256', secret ?? '', salt, purpose, 32));
  return {
    seal(privateKey, kid) {
      if (secret === undefined) return privateKey;
      const [salt, iv] = [randomBytes(16), randomBytes(12)];
      const cipher = createCipheriv(algorithm, keyFor(salt), iv).setAAD(Buffer.from(kid));
      const sealed = Buffer.concat([cipher.update(privateKey), cipher.final()]);
      return [format, ...[salt, iv, cipher.getAuthTag(), sealed].map((part) => part.toString('base64url'))].join('.');
    },
    isSealed,
    open(stored, kid) {
      if (!isSealed(stored)) return stored;
      const [, ...parts] = stored.split('.');
      if (secret === undefined) return undefined;
      const [salt, iv, tag, sealed] = parts.map((part) => Buffer.from(part, 'base64url'));
      if (!salt || !iv || !tag || !sealed) return undefined;
      try {
        const decipher = createDecipheriv(algorithm, keyFor(salt), iv, { authTagLength: 16 });
        decipher.setAAD(Buffer.from(kid)).setAuthTag(tag);
        return Buffer.concat([decipher.update(sealed), decipher.final()]).toString();
      } catch {
        return undefined;
      }
    },
  };
}
