// ADR 0111
import type { Audit } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Mail } from '#platform/mail.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, emailVerified, type AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { EmailCodes } from '../domain/email-codes.ts';
import { tellOwner } from '../mails/notice.ts';

/** The address whose mail was read becomes the account's; the one before is told, and what was sent to it works no more. */
export function confirmEmailChange(
  transaction: Transaction,
  accounts: Accounts,
  codes: EmailCodes,
  mails: Mail,
  outbox: Outbox,
  audit: Audit,
  clock: Clock,
  logger: Logger,
): Handler<typeof AuthApi, 'confirmEmailChange'> {
  return ({ token }) =>
    transaction(async () => {
      const proven = await codes.redeem('change', token);
      const before = proven && (await accounts.find(proven.accountId));
      if (!proven || !before || before.disabledAt) throw AuthErrors.linkInvalid();
      const { accountId: userId, email } = proven;
      const at = clock.now();
      // Somebody else may have registered it meanwhile.
      if (!(await accounts.changeEmail(userId, email, at))) throw AuthErrors.linkInvalid();
      for (const purpose of ['verify', 'reset'] as const) await codes.forget(userId, purpose);
      tellOwner(mails, clock, before, 'email-changed');
      outbox.add(emailVerified, { userId, email, verifiedAt: at.toISOString() });
      audit.add({ act: 'auth.change-email', target: userId, actor: userId, outcome: 'done' });
      logger.info('An e-mail address was changed.', { userId });
      return {};
    });
}
