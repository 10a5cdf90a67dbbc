import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { AuthApi } from '../contract.ts';
import type { Sessions } from '../domain/sessions.ts';

export function endOtherSessions(sessions: Sessions, logger: Logger): Handler<typeof AuthApi, 'endOtherSessions'> {
  return async ({ userId, sessionId }) => {
    await sessions.endOthers(sessionId, userId);
    logger.info('All other sessions were ended by their owner.', { userId, sessionId });
    return {};
  };
}
