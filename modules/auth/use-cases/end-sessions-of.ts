import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Administration } from '../domain/administration.ts';

export function endSessionsOf(
  transaction: Transaction,
  administration: Administration,
  audit: Audit,
  logger: Logger,
): Handler<typeof AuthApi, 'endSessionsOf'> {
  const recorded = recordedActs(transaction, audit);
  return async ({ userId }) => {
    await recorded({ act: 'auth.end-sessions', target: userId }, async () => {
      if (!(await administration.endSessions(userId))) throw AuthErrors.accountNotFound();
    });
    logger.info('All sessions of an account were ended.', { userId });
    return {};
  };
}
