import type { Session } from './sessions.ts';
import type { PrivateKey, PublicKey } from './signing-keys.ts';

/** The claims of a valid access token. */
export interface ReadToken {
  readonly userId: string;
  readonly sessionId: string;
  readonly roles: readonly string[];
  readonly application?: { readonly id: string; readonly scopes: readonly string[] } | undefined;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export abstract class AccessTokens {
  /** `expiresIn` is in seconds. */
  abstract issue(session: Session): Promise<{ accessToken: string; expiresIn: number }>;

  /** The keys that tokens are signed with now, were signed with lately or will be soon. */
  abstract publicKeys(): Promise<readonly PublicKey[]>;

  /** The private halves of the keys that are believed now: the one that signs first. */
  abstract privateKeys(): Promise<readonly PrivateKey[]>;

  /** Undefined for what is no access token of ours, or has expired. Whether its session lives, `Sessions` knows. */
  abstract read(token: string): Promise<ReadToken | undefined>;

  /** Makes the next key when it is time, and deletes those that have died. */
  abstract renewKeys(): Promise<void>;
}
