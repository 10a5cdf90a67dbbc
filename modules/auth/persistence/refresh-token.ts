/**
 * A refresh token is `<family>.<secret>`, 256 bits each. The family is the same for all tokens of a session and proves
 * that somebody had one of them, so that a used one is recognized without keeping it. The secret is good for one refresh.
 * Tokens of the first release are a secret only.
 */
import { createHash, createHmac, randomBytes } from 'node:crypto';

const random = () => randomBytes(32).toString('base64url');
const hmac = (key: string, data: string | Buffer) => createHmac('sha256', key).update(data).digest('base64url');

export const newRefreshToken = (): string => `${random()}.${random()}`;
export const newSalt = (): Buffer => randomBytes(32);

/** 256 random bits need no slow hash. */
export const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** The family, also of the tokens that follow. */
export function familyOf(token: string): string {
  const [family, secret] = token.split('.');
  return family && secret ? family : hmac(token, 'family');
}

/** The next token. The same for the same token and salt: who has both can make it again, who has only the salt cannot. */
export const successorOf = (token: string, salt: Buffer): string => `${familyOf(token)}.${hmac(token, salt)}`;
