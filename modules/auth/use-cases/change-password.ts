import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import type { Mail } from '#platform/mail.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Limits } from '../domain/limits.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { PasswordRules } from '../domain/password-rules.ts';
import type { Throttle } from '../domain/throttle.ts';
import { tellOwner } from '../mails/notice.ts';
import { confirmPassword } from './confirm-password.ts';
import { requireGoodPassword } from './require-good-password.ts';

export function changePassword(
  transaction: Transaction,
  accounts: Accounts,
  rules: PasswordRules,
  hasher: PasswordHasher,
  throttle: Throttle,
  limits: Limits,
  audit: Audit,
  mails: Mail,
  clock: Clock,
  logger: Logger,
): Handler<typeof AuthApi, 'changePassword'> {
  const recorded = recordedActs(transaction, audit);
  const confirm = confirmPassword(hasher, throttle, limits, logger);
  return async ({ userId, sessionId, currentPassword, newPassword }, { signal }) => {
    const account = await accounts.find(userId);
    if (!account) throw AuthErrors.wrongCredentials();
    requireGoodPassword(rules, newPassword, account, '/newPassword');
    await confirm(account, currentPassword, signal);
    const act = { act: 'auth.change-password', target: userId } as const;

    const to = await hasher.hash(newPassword, { network: userId, account: userId, signal });
    await recorded(act, async () => {
      if (!(await accounts.changePassword(userId, { from: account.passwordHash, to, keep: sessionId })))
        throw AuthErrors.wrongCredentials('The password was changed meanwhile.');
      tellOwner(mails, clock, account, 'password-changed');
    });
    logger.info('A password was changed; the other sessions have ended.', { userId });
    return {};
  };
}
