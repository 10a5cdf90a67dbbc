// ADR 0111
import type { Audit } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, emailVerified, type AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { EmailCodes, Proven } from '../domain/email-codes.ts';
import type { Limits } from '../domain/limits.ts';
import type { Throttle } from '../domain/throttle.ts';
import { attempt } from './attempt.ts';

/** Keeps that the mail of an address was read; nothing where the account has another address by now. */
const keepProof =
  (accounts: Accounts, outbox: Outbox, audit: Audit, clock: Clock, logger: Logger) =>
  async ({ accountId, email }: Proven): Promise<void> => {
    const at = clock.now();
    if (!(await accounts.verifyEmail(accountId, email, at))) return;
    outbox.add(emailVerified, { userId: accountId, email, verifiedAt: at.toISOString() });
    audit.add({ act: 'auth.verify-email', target: accountId, actor: accountId, outcome: 'done' });
    logger.info('An e-mail address was verified.', { userId: accountId });
  };

/** By the link, for who reads the mail where they are not logged in: its 256 bits cannot be guessed. */
export function verifyEmail(
  transaction: Transaction,
  accounts: Accounts,
  codes: EmailCodes,
  outbox: Outbox,
  audit: Audit,
  clock: Clock,
  logger: Logger,
): Handler<typeof AuthApi, 'verifyEmail'> {
  const keep = keepProof(accounts, outbox, audit, clock, logger);
  return ({ token }) =>
    transaction(async () => {
      const proven = await codes.redeem('verify', token);
      if (!proven) throw AuthErrors.linkInvalid();
      await keep(proven);
      return {};
    });
}

/** By the code, for who is logged in: only they can guess at it, and not often. */
export function verifyEmailByCode(
  transaction: Transaction,
  accounts: Accounts,
  codes: EmailCodes,
  throttle: Throttle,
  limits: Limits,
  outbox: Outbox,
  audit: Audit,
  clock: Clock,
  logger: Logger,
): Handler<typeof AuthApi, 'verifyEmailByCode'> {
  const keep = keepProof(accounts, outbox, audit, clock, logger);
  return async ({ userId, code }) => {
    const limit = limits.emailCode(userId);
    // A wrong code is a guess that counts, so it commits.
    const isRight = await attempt(throttle, [limit], logger, () =>
      transaction(async () => {
        const proven = await codes.redeemCode('verify', userId, code);
        if (proven) await keep(proven);
        return proven !== undefined;
      }),
    );
    if (!isRight) throw AuthErrors.wrongCode();
    await throttle.clear(limit);
    return {};
  };
}
