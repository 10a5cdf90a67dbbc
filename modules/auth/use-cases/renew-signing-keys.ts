import type { AccessTokens } from '../domain/access-tokens.ts';

/** Runs at every start and on a schedule. */
export const renewSigningKeys = (tokens: AccessTokens) => (): Promise<void> => tokens.renewKeys();
