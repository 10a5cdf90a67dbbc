import type { Handler } from '#platform/contract.ts';
import { platformErrors } from '#platform/errors.ts';
import type { Logger } from '#platform/logger.ts';
import type { AuthApi } from '../contract.ts';
import type { AccessTokens } from '../domain/access-tokens.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Limits } from '../domain/limits.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { Sessions } from '../domain/sessions.ts';
import type { Throttle } from '../domain/throttle.ts';
import { confirmPassword } from './confirm-password.ts';

/** The session goes on under its refresh token; from now on its access tokens tell of a recent login. */
export function stepUp(
  accounts: Accounts,
  sessions: Sessions,
  hasher: PasswordHasher,
  throttle: Throttle,
  limits: Limits,
  tokens: AccessTokens,
  logger: Logger,
): Handler<typeof AuthApi, 'stepUp'> {
  const confirm = confirmPassword(hasher, throttle, limits, logger);
  return async ({ userId, sessionId, password }, { signal }) => {
    const account = await accounts.find(userId);
    if (!account) throw platformErrors.unauthenticated();
    await confirm(account, password, signal);
    const session = await sessions.confirm(sessionId, userId, ['pwd']);
    if (!session) throw platformErrors.unauthenticated();
    logger.info('Somebody confirmed who they are.', { userId, sessionId });
    return { ...(await tokens.issue(session)), tokenType: 'Bearer' };
  };
}
