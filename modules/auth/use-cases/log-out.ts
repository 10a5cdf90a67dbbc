import type { Audit } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { AuthApi } from '../contract.ts';
import type { Sessions } from '../domain/sessions.ts';

export function logOut(
  transaction: Transaction,
  sessions: Sessions,
  audit: Audit,
  logger: Logger,
): Handler<typeof AuthApi, 'logOut'> {
  return async ({ refreshToken }) => {
    const ended = await transaction(async () => {
      const session = await sessions.end(refreshToken);
      const actor = session?.accountId;
      if (session) audit.add({ act: 'auth.log-out', actor, target: actor, outcome: 'done' });
      return session;
    });
    if (ended) logger.info('Somebody logged out.', { userId: ended.accountId, sessionId: ended.sessionId });
    return {};
  };
}
