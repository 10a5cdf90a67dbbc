import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Factors } from '../domain/factors.ts';

export function removeFactors(
  transaction: Transaction,
  accounts: Accounts,
  factors: Factors,
  audit: Audit,
  logger: Logger,
): Handler<typeof AuthApi, 'removeFactors'> {
  const recorded = recordedActs(transaction, audit);
  return async ({ userId }) => {
    await recorded({ act: 'auth.remove-factors', target: userId }, async () => {
      if (!(await accounts.find(userId))) throw AuthErrors.accountNotFound();
      await factors.removeAll(userId);
    });
    logger.info('The second factors of an account were removed.', { userId });
    return {};
  };
}
