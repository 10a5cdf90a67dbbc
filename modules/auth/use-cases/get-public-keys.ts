import type { Handler } from '#platform/contract.ts';
import type { AuthApi } from '../contract.ts';
import type { AccessTokens } from '../domain/access-tokens.ts';

export function getPublicKeys(tokens: AccessTokens): Handler<typeof AuthApi, 'getPublicKeys'> {
  return async () => ({ keys: [...(await tokens.publicKeys())] });
}
