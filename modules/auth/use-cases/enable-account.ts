import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';

export function enableAccount(
  transaction: Transaction,
  accounts: Accounts,
  audit: Audit,
  logger: Logger,
): Handler<typeof AuthApi, 'enableAccount'> {
  const recorded = recordedActs(transaction, audit);
  return async ({ userId }) => {
    await recorded({ act: 'auth.enable-account', target: userId }, async () => {
      if (!(await accounts.enable(userId))) throw AuthErrors.accountNotFound();
    });
    logger.info('An account was enabled.', { userId });
    return {};
  };
}
