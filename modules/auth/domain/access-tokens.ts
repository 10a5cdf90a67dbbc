import type { Session } from './sessions.ts';
import type { PublicKey } from './signing-keys.ts';

export abstract class AccessTokens {
  /** `expiresIn` is in seconds. */
  abstract issue(session: Session): Promise<{ accessToken: string; expiresIn: number }>;

  /** The keys that tokens are signed with now, were signed with lately or will be soon. */
  abstract publicKeys(): Promise<readonly PublicKey[]>;

  /** Makes the next key when it is time, and deletes those that have died. */
  abstract renewKeys(): Promise<void>;
}
