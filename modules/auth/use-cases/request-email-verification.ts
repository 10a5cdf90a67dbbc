import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Mail } from '#platform/mail.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Limits } from '../domain/limits.ts';
import type { Throttle } from '../domain/throttle.ts';
import { verifyAddress } from '../mails/verify-address.ts';
import { requireNoDelay } from './require-no-delay.ts';

/** Sends the mail once more; there is nothing to send to who is verified. */
export function requestEmailVerification(
  transaction: Transaction,
  accounts: Accounts,
  mails: Mail,
  throttle: Throttle,
  limits: Limits,
  logger: Logger,
): Handler<typeof AuthApi, 'requestEmailVerification'> {
  return async ({ userId }) => {
    const account = await accounts.find(userId);
    if (!account) throw AuthErrors.accountNotFound();
    const { email, emailVerifiedAt } = account;
    if (emailVerifiedAt) return {};
    requireNoDelay(await throttle.reserve([limits.mailsTo(email)]), logger);
    await transaction(async () => mails.add(verifyAddress, userId, { accountId: userId, email }));
    return {};
  };
}
