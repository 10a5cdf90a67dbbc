import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '#platform/clock.ts';
import type { Database } from '#platform/database/database.ts';
import type { Role } from '../contract.ts';
import type { SessionEndings } from '../domain/session-endings.ts';
import { sessionExpiry, type SessionLifetimes } from '../domain/session-lifetimes.ts';
import type { Sessions } from '../domain/sessions.ts';
import type { PrismaClient } from './generated/client.ts';

interface Ended {
  sessionId: string;
  accountId: string;
}

const newRefreshToken = () => randomBytes(32).toString('base64url');
/** 256 random bits need no slow hash. */
const hashOf = (refreshToken: string): Buffer => createHash('sha256').update(refreshToken).digest();

export function prismaSessions(
  database: Database,
  prisma: PrismaClient,
  endings: SessionEndings,
  lifetimes: SessionLifetimes,
  clock: Clock,
): Sessions {
  async function endWhere(condition: string, hash: Buffer): Promise<Ended | undefined> {
    const { rows } = await database.query<Ended>(
      `delete from auth.sessions where ${condition} returning id as "sessionId", account_id as "accountId"`,
      [hash],
    );
    const tell = () => endings.tell(rows.map(({ sessionId }) => sessionId));
    if (database.inTransaction) database.afterCommit(tell);
    else tell();
    return rows[0];
  }
  const wasSpent = 'id = (select session_id from auth.spent_refresh_tokens where hash = $1)';

  return {
    /** The lock lets a change of the account and a login see each other, whichever comes first. */
    async open({ id, accountId }, passwordHash) {
      const refreshToken = newRefreshToken();
      const now = clock.now();
      const { rowCount } = await database.query(
        `insert into auth.sessions (id, account_id, refresh_hash, started_at, last_used_at, expires_at)
         select $1, a.id, $3, $4, $4, $5
         from auth.accounts a where a.id = $2 and a.password_hash = $6 and a.disabled_at is null for share`,
        [id, accountId, hashOf(refreshToken), now, sessionExpiry(lifetimes, now, now), passwordHash],
      );
      return rowCount === 1 ? { refreshToken } : undefined;
    },

    /** One statement: whoever comes second waits for the row, and then does not find the hash any more. */
    async rotate(refreshToken) {
      const next = newRefreshToken();
      const now = clock.now().getTime();
      const { rows } = await database.query<{ id: string; accountId: string; roles: Role[] }>(
        `with rotated as (
           update auth.sessions
           set refresh_hash = $2, last_used_at = $3, expires_at = least($4, started_at + $5 * interval '1 millisecond')
           where refresh_hash = $1 and expires_at > $3 and started_at > $6
           returning id, account_id
         ), spent as (
           insert into auth.spent_refresh_tokens (hash, session_id) select $1, id from rotated
         )
         select r.id, r.account_id as "accountId", a.roles
         from rotated r join auth.accounts a on a.id = r.account_id`,
        [
          hashOf(refreshToken),
          hashOf(next),
          new Date(now),
          new Date(now + lifetimes.idle),
          lifetimes.absolute,
          new Date(now - lifetimes.absolute),
        ],
      );
      if (rows[0]) return { outcome: 'rotated', session: rows[0], refreshToken: next };
      const ended = await endWhere(wasSpent, hashOf(refreshToken));
      return ended ? { outcome: 'reused', ...ended } : { outcome: 'unknown' };
    },

    end: (refreshToken) => endWhere(`refresh_hash = $1 or ${wasSpent}`, hashOf(refreshToken)),

    async isLive(id, claimed) {
      const { rowCount } = await database.query(
        `select from auth.sessions s join auth.accounts a on a.id = s.account_id
         where s.id = $1 and s.expires_at > $2 and a.id = coalesce($3, a.id) and a.roles @> coalesce($4::text[], '{}')`,
        [id, clock.now(), claimed?.userId, claimed?.roles],
      );
      return rowCount === 1;
    },

    async startOf(id, accountId) {
      const { rows } = await database.query<{ startedAt: Date }>(
        'select started_at as "startedAt" from auth.sessions where id = $1 and account_id = $2 and expires_at > $3',
        [id, accountId, clock.now()],
      );
      return rows[0]?.startedAt;
    },

    list: (accountId) =>
      prisma.session.findMany({
        where: { accountId, expiresAt: { gt: clock.now() } },
        orderBy: [{ startedAt: 'asc' }, { id: 'asc' }],
        select: { startedAt: true, lastUsedAt: true },
      }),

    async prune() {
      await prisma.session.deleteMany({ where: { expiresAt: { lte: clock.now() } } });
    },
  };
}
