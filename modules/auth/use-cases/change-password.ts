import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/observability/logger.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Limits } from '../domain/limits.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { PasswordRules } from '../domain/password-rules.ts';
import type { Throttle } from '../domain/throttle.ts';
import { requireGoodPassword } from './require-good-password.ts';
import { requireNoDelay } from './require-no-delay.ts';

/** Guesses are counted apart from logins: who holds a stolen access token cannot keep the owner from logging in. */
export function changePassword(
  accounts: Accounts,
  rules: PasswordRules,
  hasher: PasswordHasher,
  throttle: Throttle,
  limits: Limits,
  logger: Logger,
): Handler<typeof AuthApi, 'changePassword'> {
  return async ({ userId, sessionId, currentPassword, newPassword }, { signal }) => {
    const limit = limits.passwordChange(userId);
    const account = await accounts.find(userId);
    if (!account) throw AuthErrors.wrongCredentials();
    requireGoodPassword(rules, newPassword, account, '/newPassword');
    requireNoDelay(await throttle.delay([limit]));

    if (!(await hasher.verify(currentPassword, account.passwordHash, signal))) {
      await throttle.count([limit]);
      logger.warn('A change of password failed.', { userId });
      throw AuthErrors.wrongCredentials('The current password is wrong.');
    }
    requireNoDelay(await throttle.clear(limit));
    const to = await hasher.hash(newPassword, signal);
    const changed = await accounts.changePassword(userId, { from: account.passwordHash, to, keep: sessionId });
    if (!changed) throw AuthErrors.wrongCredentials('The password was changed meanwhile.');
    logger.info('A password was changed; the other sessions have ended.', { userId });
    return {};
  };
}
