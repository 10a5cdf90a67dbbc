import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';

export function disableAccount(
  transaction: Transaction,
  accounts: Accounts,
  audit: Audit,
  clock: Clock,
  logger: Logger,
): Handler<typeof AuthApi, 'disableAccount'> {
  const recorded = recordedActs(transaction, audit);
  return async ({ userId, by }) => {
    await recorded({ act: 'auth.disable-account', target: userId }, async () => {
      if (userId === by) throw AuthErrors.ownAccount();
      const outcome = await accounts.disable(userId, clock.now());
      if (outcome === 'unknown') throw AuthErrors.accountNotFound();
      if (outcome === 'last administrator') throw AuthErrors.lastAdministrator();
    });
    logger.info('An account was disabled.', { userId, by });
    return {};
  };
}
