// ADR 0111
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Mail } from '#platform/mail.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Limits } from '../domain/limits.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { Throttle } from '../domain/throttle.ts';
import { changeAddress, changeAsked } from '../mails/change-address.ts';
import { confirmPassword } from './confirm-password.ts';
import { requireNoDelay } from './require-no-delay.ts';

/** Milliseconds after a login in which the password need not be given again. */
const freshFor = 15 * 60_000;

/**
 * Asks the new address to confirm, and tells the one that the account has. An address that somebody has already gets the same
 * answer: its owner is told, and nobody else. One that gets too many mails gets no more for a while, which is not told either.
 */
export function requestEmailChange(
  transaction: Transaction,
  accounts: Accounts,
  mails: Mail,
  hasher: PasswordHasher,
  throttle: Throttle,
  limits: Limits,
  clock: Clock,
  logger: Logger,
): Handler<typeof AuthApi, 'requestEmailChange'> {
  const confirm = confirmPassword(hasher, throttle, limits, logger);
  return async ({ userId, email, password }, { signal, principal }) => {
    const account = await accounts.find(userId);
    if (!account) throw AuthErrors.accountNotFound();
    if (password !== undefined) await confirm(account, password, signal);
    else if (clock.now().getTime() - (principal?.authenticatedAt ?? 0) >= freshFor)
      throw AuthErrors.confirmationRequired('Send your password along, or log in again first.');
    if (email === account.email) return {};
    requireNoDelay(await throttle.reserve([limits.mailsFrom(userId)]), logger);
    const mayMail = (await throttle.reserve([limits.mailsTo(email)])) === 0;
    await transaction(async () => {
      if (mayMail) mails.add(changeAddress, userId, { accountId: userId, email });
      mails.add(changeAsked, userId, { accountId: userId, newEmail: email });
    });
    logger.info('Somebody asked for another e-mail address.', { userId });
    return {};
  };
}
