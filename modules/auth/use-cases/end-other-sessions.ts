import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { AuthApi } from '../contract.ts';
import type { Sessions } from '../domain/sessions.ts';

export function endOtherSessions(
  transaction: Transaction,
  sessions: Sessions,
  audit: Audit,
  logger: Logger,
): Handler<typeof AuthApi, 'endOtherSessions'> {
  const recorded = recordedActs(transaction, audit);
  return async ({ userId, sessionId }) => {
    await recorded({ act: 'auth.end-other-sessions', target: userId }, async () => {
      await sessions.endOthers(sessionId, userId);
    });
    logger.info('All other sessions were ended by their owner.', { userId, sessionId });
    return {};
  };
}
