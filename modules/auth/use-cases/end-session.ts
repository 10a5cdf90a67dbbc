import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Sessions } from '../domain/sessions.ts';

export function endSession(
  transaction: Transaction,
  sessions: Sessions,
  audit: Audit,
  logger: Logger,
): Handler<typeof AuthApi, 'endSession'> {
  const recorded = recordedActs(transaction, audit);
  return async ({ userId, sessionId }) => {
    await recorded({ act: 'auth.end-session', target: userId }, async () => {
      if (!(await sessions.endById(sessionId, userId))) throw AuthErrors.sessionNotFound();
    });
    logger.info('A session was ended by its owner.', { userId, sessionId });
    return {};
  };
}
