import type { JsonWebKey } from 'node:crypto';
import type { Principal } from './context.ts';

/**
 * Verifies access tokens. The module that issues them binds this; the gateway asks it when it meets a token for the
 * first time, and keeps the answer for 30 seconds at most.
 */
export abstract class Authenticator {
  /** The public keys under which a token may be signed now, each with its `kid`. */
  abstract keys(): Promise<readonly JsonWebKey[]>;

  /** Tells whether the session a token names still lives, is that person's, and they have the roles that the token claims. */
  abstract isLive(principal: Principal): Promise<boolean>;

  /**
   * Calls `listener` with every session as soon as it is known here that it ended, or that its person lost a role, and `onGap`
   * when some may have been missed.
   */
  abstract onEnded(listener: (sessionId: string) => void, onGap?: () => void): void;
}
