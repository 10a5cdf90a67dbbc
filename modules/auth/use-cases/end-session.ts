import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Sessions } from '../domain/sessions.ts';

export function endSession(sessions: Sessions, logger: Logger): Handler<typeof AuthApi, 'endSession'> {
  return async ({ userId, sessionId }) => {
    if (!(await sessions.endById(sessionId, userId))) throw AuthErrors.sessionNotFound();
    logger.info('A session was ended by its owner.', { userId, sessionId });
    return {};
  };
}
