import type { Handler } from '#platform/contract.ts';
import type { AuthApi } from '../contract.ts';
import type { Sessions } from '../domain/sessions.ts';

export function isSessionLive(sessions: Sessions): Handler<typeof AuthApi, 'isSessionLive'> {
  return async ({ sessionId, claimed }) => ({ live: await sessions.isLive(sessionId, claimed) });
}
