// ADR 0111
import type { Logger } from '#platform/logger.ts';
import type { Mail } from '#platform/mail.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors } from '../contract.ts';
import type { Account } from '../domain/account.ts';
import type { Limits } from '../domain/limits.ts';
import type { Throttle } from '../domain/throttle.ts';
import { verifyAddress } from '../mails/verify-address.ts';

/**
 * Throws where an account may do nothing before its address is verified, and sends the mail again: somebody who has just
 * proved their password cannot log in to ask for it.
 */
export type RequireVerified = (account: Account) => Promise<void>;
export const RequireVerified = class RequireVerified {} as unknown as abstract new () => RequireVerified;

export const requireVerified =
  (
    { UNVERIFIED_MAY }: { readonly UNVERIFIED_MAY: 'everything' | 'nothing' },
    transaction: Transaction,
    mails: Mail,
    throttle: Throttle,
    limits: Limits,
    logger: Logger,
  ): RequireVerified =>
  async ({ id, email, emailVerifiedAt, mustVerifyEmail }) => {
    if (UNVERIFIED_MAY === 'everything' || emailVerifiedAt || !mustVerifyEmail) return;
    if ((await throttle.reserve([limits.mailsTo(email)])) === 0)
      await transaction(async () => mails.add(verifyAddress, id, { accountId: id, email }));
    logger.warn('A login failed.', { reason: 'address not verified', userId: id });
    throw AuthErrors.emailNotVerified();
  };
