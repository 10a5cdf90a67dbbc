import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { AuthApi } from '../contract.ts';
import type { Sessions } from '../domain/sessions.ts';

export function logOut(sessions: Sessions, logger: Logger): Handler<typeof AuthApi, 'logOut'> {
  return async ({ refreshToken }) => {
    const ended = await sessions.end(refreshToken);
    if (ended) logger.info('Somebody logged out.', { userId: ended.accountId, sessionId: ended.sessionId });
    return {};
  };
}
