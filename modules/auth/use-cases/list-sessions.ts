import type { Handler } from '#platform/contract.ts';
import { pageOf } from '#platform/pages.ts';
import type { AuthApi } from '../contract.ts';
import type { ListedSession, Sessions } from '../domain/sessions.ts';

export function listSessions(sessions: Sessions): Handler<typeof AuthApi, 'listSessions'> {
  return async ({ userId, sessionId, cursor, limit }) => {
    const found = await sessions.list(userId, { after: cursor, limit: limit + 1 });
    const { data, nextCursor } = pageOf(limit, found, ({ id }) => id);
    return {
      data: data.map(({ id, ...session }) => ({ id, ...describedSession(session), current: id === sessionId })),
      nextCursor,
    };
  };
}

/** A session in the words of the contract, without what is not known of it. */
export const describedSession = ({
  startedAt,
  lastUsedAt,
  authenticatedAt,
  network,
  userAgent,
  application,
}: Omit<ListedSession, 'id'>) => ({
  startedAt: startedAt.toISOString(),
  lastUsedAt: lastUsedAt.toISOString(),
  authenticatedAt: authenticatedAt.toISOString(),
  ...(network !== null && { network }),
  ...(userAgent !== null && { userAgent }),
  ...(application && { application }),
});
