import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Limits } from '../domain/limits.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { PasswordRules } from '../domain/password-rules.ts';
import type { Throttle } from '../domain/throttle.ts';
import { confirmPassword } from './confirm-password.ts';
import { requireGoodPassword } from './require-good-password.ts';

export function changePassword(
  accounts: Accounts,
  rules: PasswordRules,
  hasher: PasswordHasher,
  throttle: Throttle,
  limits: Limits,
  logger: Logger,
): Handler<typeof AuthApi, 'changePassword'> {
  const confirm = confirmPassword(hasher, throttle, limits, logger);
  return async ({ userId, sessionId, currentPassword, newPassword }, { signal }) => {
    const account = await accounts.find(userId);
    if (!account) throw AuthErrors.wrongCredentials();
    requireGoodPassword(rules, newPassword, account, '/newPassword');
    await confirm(account, currentPassword, signal);

    const to = await hasher.hash(newPassword, { network: userId, account: userId, signal });
    const changed = await accounts.changePassword(userId, { from: account.passwordHash, to, keep: sessionId });
    if (!changed) throw AuthErrors.wrongCredentials('The password was changed meanwhile.');
    logger.info('A password was changed; the other sessions have ended.', { userId });
    return {};
  };
}
