import type { Clock } from '#platform/clock.ts';
import type { Database } from '#platform/database.ts';
import type { SessionEndings } from '../domain/session-endings.ts';
import { sessionExpiry, type SessionLifetimes } from '../domain/session-lifetimes.ts';
import type { ListedSession, Rotation, Session, Sessions } from '../domain/sessions.ts';
import type { PrismaClient } from './generated/client.ts';
import { familyOf, hashOf, newRefreshToken, newSalt, successorOf } from './refresh-token.ts';

/** Sessions of releases that did not note it began with a password. */
const authenticatedAt = 'coalesce(s.authenticated_at, s.started_at) as "authenticatedAt"';
const authentication = `${authenticatedAt}, s.amr`;

interface Ended {
  sessionId: string;
  accountId: string;
}

export function prismaSessions(
  database: Database,
  prisma: PrismaClient,
  endings: SessionEndings,
  lifetimes: SessionLifetimes,
  clock: Clock,
): Sessions {
  function told(rows: readonly Ended[]): Ended | undefined {
    const tell = () => endings.tell(rows.map(({ sessionId }) => sessionId));
    if (database.inTransaction) database.afterCommit(tell);
    else tell();
    return rows[0];
  }

  async function endWhere(condition: string, values: readonly unknown[]): Promise<Ended | undefined> {
    const { rows } = await database.query<Ended>(
      `delete from auth.sessions where ${condition} returning id as "sessionId", account_id as "accountId"`,
      values,
    );
    return told(rows);
  }
  const hashesOf = (refreshToken: string) => [hashOf(familyOf(refreshToken)), hashOf(refreshToken)];
  const wasUsed = `(family_hash = $1 and refresh_hash <> $2) or id = (select session_id from auth.spent_refresh_tokens where hash = $2)`;

  /** The answer that a use of the same token a moment ago got, while nobody has gone on from there. */
  async function repeated(refreshToken: string): Promise<Rotation | undefined> {
    if (lifetimes.grace === 0) return undefined;
    const now = clock.now().getTime();
    const { rows } = await database.query<Session & { refreshHash: Buffer; successorSalt: Buffer }>(
      `select s.id, s.account_id as "accountId", a.roles, a.email_verified_at is not null as "emailVerified", ${authentication}, s.refresh_hash as "refreshHash", s.successor_salt as "successorSalt"
       from auth.sessions s join auth.accounts a on a.id = s.account_id
       where s.family_hash = $1 and s.previous_hash = $2 and s.refreshed_at > $3 and s.expires_at > $4`,
      [hashOf(familyOf(refreshToken)), hashOf(refreshToken), new Date(now - lifetimes.grace), new Date(now)],
    );
    if (!rows[0]) return undefined;
    const { refreshHash, successorSalt, ...session } = rows[0];
    const successor = successorOf(refreshToken, successorSalt);
    // The first release, beside this one, may have gone on without leaving a trace in these columns.
    return hashOf(successor).equals(refreshHash) ? { outcome: 'rotated', session, refreshToken: successor } : undefined;
  }

  return {
    /** The lock lets a change of the account and a login see each other, whichever comes first. */
    async open({ id, accountId, authenticatedAt, amr, network, userAgent }, passwordHash) {
      const refreshToken = newRefreshToken();
      const now = clock.now();
      const { rowCount } = await database.query(
        `insert into auth.sessions (id, account_id, refresh_hash, family_hash, started_at, last_used_at, expires_at,
           authenticated_at, amr, last_network, user_agent)
         select $1, a.id, $3, $4, $5, $5, $6, $8, $9, $10, $11
         from auth.accounts a where a.id = $2 and a.password_hash = $7 and a.disabled_at is null for share`,
        [
          id,
          accountId,
          hashOf(refreshToken),
          hashOf(familyOf(refreshToken)),
          now,
          sessionExpiry(lifetimes, now, now),
          passwordHash,
          authenticatedAt,
          amr,
          network,
          userAgent,
        ],
      );
      if (rowCount !== 1) return undefined;
      // A statement of its own, so that the last of many logins at the same time sees them all.
      const { rows } = await database.query<Ended>(
        `delete from auth.sessions where id in (
           select id from auth.sessions where account_id = $1 order by last_used_at desc, id desc offset $2
         ) returning id as "sessionId", account_id as "accountId"`,
        [accountId, lifetimes.perAccount],
      );
      told(rows);
      return { refreshToken };
    },

    /** One statement: the second request waits for the row, and then no longer finds the hash. */
    async rotate(refreshToken, { network, userAgent } = { network: null, userAgent: null }) {
      const salt = newSalt();
      const next = successorOf(refreshToken, salt);
      const now = clock.now().getTime();
      const { rows } = await database.query<Session>(
        `with rotated as (
           update auth.sessions s
           set refresh_hash = $2, family_hash = $7, previous_hash = $1, successor_salt = $8, refreshed_at = $3,
               last_used_at = $3, expires_at = least($4, started_at + $5 * interval '1 millisecond'),
               last_network = coalesce($9, last_network), user_agent = coalesce($10, user_agent)
           where refresh_hash = $1 and expires_at > $3 and started_at > $6
           returning id, account_id, ${authentication}
         )
         select r.id, r.account_id as "accountId", a.roles, r."authenticatedAt", r.amr, a.email_verified_at is not null as "emailVerified"
         from rotated r join auth.accounts a on a.id = r.account_id`,
        [
          hashOf(refreshToken),
          hashOf(next),
          new Date(now),
          new Date(now + lifetimes.idle),
          lifetimes.absolute,
          new Date(now - lifetimes.absolute),
          hashOf(familyOf(refreshToken)),
          salt,
          network,
          userAgent,
        ],
      );
      if (rows[0]) return { outcome: 'rotated', session: rows[0], refreshToken: next };
      const again = await repeated(refreshToken);
      if (again) return again;
      const ended = await endWhere(wasUsed, hashesOf(refreshToken));
      return ended ? { outcome: 'reused', ...ended } : { outcome: 'unknown' };
    },

    end: (refreshToken) => endWhere(`refresh_hash = $2 or ${wasUsed}`, hashesOf(refreshToken)),

    endById: async (id, accountId) => (await endWhere('id = $1 and account_id = $2', [id, accountId])) !== undefined,

    async endOthers(id, accountId) {
      await endWhere('id <> $1 and account_id = $2', [id, accountId]);
    },

    async confirm(id, accountId, amr) {
      const { rows } = await database.query<Session>(
        `update auth.sessions s
         set authenticated_at = $3, amr = array(select distinct unnest(s.amr || $4::text[]) order by 1)
         from auth.accounts a
         where s.id = $1 and s.account_id = $2 and s.expires_at > $3 and a.id = s.account_id
         returning s.id, s.account_id as "accountId", a.roles, a.email_verified_at is not null as "emailVerified", ${authentication}`,
        [id, accountId, clock.now(), amr],
      );
      return rows[0];
    },

    async isLive(id, claimed) {
      const { rowCount } = await database.query(
        `select from auth.sessions s join auth.accounts a on a.id = s.account_id
         where s.id = $1 and s.expires_at > $2 and a.id = coalesce($3, a.id) and a.roles @> coalesce($4::text[], '{}')
         union all
         select from auth.applications
         where id = $1 and kind = 'machine' and disabled_at is null and id = coalesce($3, id)
           and roles @> coalesce($4::text[], '{}')`,
        [id, clock.now(), claimed?.userId, claimed?.roles],
      );
      return rowCount === 1;
    },

    async authenticatedAt(id, accountId) {
      const { rows } = await database.query<Pick<Session, 'authenticatedAt'>>(
        `select ${authenticatedAt} from auth.sessions s where id = $1 and account_id = $2 and expires_at > $3`,
        [id, accountId, clock.now()],
      );
      return rows[0]?.authenticatedAt;
    },

    async list(accountId, { after, limit }) {
      const { rows } = await database.query<ListedSession>(
        `select s.id, s.started_at as "startedAt", s.last_used_at as "lastUsedAt", ${authenticatedAt},
           s.last_network as network, s.user_agent as "userAgent",
           case when p.id is not null then json_build_object('id', p.id, 'name', p.name) end as application
         from auth.sessions s left join auth.applications p on p.id = s.application_id
         where s.account_id = $1 and s.expires_at > $2 and ($3::uuid is null or s.id > $3) order by s.id limit $4`,
        [accountId, clock.now(), after, limit],
      );
      return rows;
    },

    async prune() {
      await prisma.session.deleteMany({ where: { expiresAt: { lte: clock.now() } } });
    },
  };
}
