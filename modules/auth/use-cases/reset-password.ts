// ADR 0111
import type { Audit } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Mail } from '#platform/mail.ts';
import { networkOf } from '#platform/network.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, emailVerified, type AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { EmailCodes } from '../domain/email-codes.ts';
import type { Limits } from '../domain/limits.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { PasswordRules } from '../domain/password-rules.ts';
import type { Throttle } from '../domain/throttle.ts';
import { tellOwner } from '../mails/notice.ts';
import { requireGoodPassword } from './require-good-password.ts';

/**
 * Sets a new password for who reads the mail of the account, and ends all its sessions. It opens none: logging in asks for
 * the second factor as always. A password that is not good enough leaves the link good, and no link costs a hash.
 */
export function resetPassword(
  transaction: Transaction,
  accounts: Accounts,
  codes: EmailCodes,
  rules: PasswordRules,
  hasher: PasswordHasher,
  throttle: Throttle,
  limits: Limits,
  mails: Mail,
  outbox: Outbox,
  audit: Audit,
  clock: Clock,
  logger: Logger,
): Handler<typeof AuthApi, 'resetPassword'> {
  return async ({ token, newPassword, address }, { signal }) => {
    const found = await codes.find('reset', token);
    const account = found && (await accounts.find(found.accountId));
    if (!account || account.disabledAt) throw AuthErrors.linkInvalid();
    const { id: userId, email } = account;
    requireGoodPassword(rules, newPassword, account, '/newPassword');
    const network = networkOf(address);
    const to = await hasher.hash(newPassword, { network, account: email, signal });
    await transaction(async () => {
      const proven = await codes.redeem('reset', token);
      if (!proven || !(await accounts.changePassword(userId, { from: account.passwordHash, to, keep: null })))
        throw AuthErrors.linkInvalid();
      const at = clock.now();
      if (await accounts.verifyEmail(userId, proven.email, at))
        outbox.add(emailVerified, { userId, email, verifiedAt: at.toISOString() });
      tellOwner(mails, clock, account, 'password-changed');
      audit.add({ act: 'auth.reset-password', target: userId, actor: userId, outcome: 'done' });
    });
    // Guesses of others do not keep the owner out.
    await throttle.clear(limits.logIn(email, network, undefined).own);
    logger.info('A forgotten password was replaced; all sessions have ended.', { userId });
    return {};
  };
}
