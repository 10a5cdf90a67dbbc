import type { Authenticator } from '#platform/authenticator.ts';
import type { AccessTokens } from '../domain/access-tokens.ts';
import type { SessionEndings } from '../domain/session-endings.ts';
import type { Sessions } from '../domain/sessions.ts';

/** Tokens are trusted while their key and their session live. */
export const sessionAuthenticator = (
  tokens: AccessTokens,
  sessions: Sessions,
  endings: SessionEndings,
): Authenticator => ({
  keys: async () => (await tokens.publicKeys()).map((key) => ({ ...key })),
  isLive: (principal) => sessions.isLive(principal.sessionId, principal),
  onEnded(listener) {
    endings.onEnded(listener);
    endings.onDoubted(listener);
  },
});
