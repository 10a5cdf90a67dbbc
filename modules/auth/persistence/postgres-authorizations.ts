import { randomBytes } from 'node:crypto';
import type { Clock } from '#platform/clock.ts';
import type { Database } from '#platform/database.ts';
import type { Authorizations } from '../domain/authorizations.ts';
import type { SessionEndings } from '../domain/session-endings.ts';
import { sessionExpiry, type SessionLifetimes } from '../domain/session-lifetimes.ts';

export function postgresAuthorizations(
  database: Database,
  endings: SessionEndings,
  lifetimes: SessionLifetimes,
  clock: Clock,
): Authorizations {
  const ended = ({ rows }: { rows: { id: string }[] }): void => {
    const tell = () => endings.tell(rows.map(({ id }) => id));
    if (database.inTransaction) database.afterCommit(tell);
    else tell();
  };

  return {
    /** The locks let a disabling and this see each other. No refresh token of a login has the random hash. */
    async open({ id, accountId, applicationId, authenticatedAt, amr, network, userAgent }) {
      const now = clock.now();
      const { rowCount } = await database.query(
        `insert into auth.sessions (id, account_id, application_id, refresh_hash, started_at, last_used_at, expires_at,
           authenticated_at, amr, last_network, user_agent)
         select $1, a.id, p.id, $4, $5, $5, $6, $7, $8, $9, $10 from auth.accounts a, auth.applications p
         where a.id = $2 and a.disabled_at is null and p.id = $3 and p.disabled_at is null
         for share
         on conflict (id) do update set (last_used_at, authenticated_at, amr, last_network, user_agent) =
           (excluded.last_used_at, excluded.authenticated_at, excluded.amr, excluded.last_network, excluded.user_agent)`,
        [
          id,
          accountId,
          applicationId,
          randomBytes(32),
          now,
          sessionExpiry(lifetimes, now, now),
          authenticatedAt,
          amr,
          network,
          userAgent,
        ],
      );
      if (rowCount !== 1) return false;
      ended(
        await database.query<{ id: string }>(
          `delete from auth.sessions where id in (
             select id from auth.sessions where account_id = $1 order by last_used_at desc, id desc offset $2
           ) returning id`,
          [accountId, lifetimes.perAccount],
        ),
      );
      return true;
    },

    async use(id, { network, userAgent }) {
      const now = clock.now();
      await database.query(
        `update auth.sessions set last_used_at = $2, expires_at = least($3, started_at + $4 * interval '1 millisecond'),
           last_network = $5, user_agent = $6
         where id = $1`,
        [id, now, new Date(now.getTime() + lifetimes.idle), lifetimes.absolute, network, userAgent],
      );
    },

    async end(id) {
      ended(await database.query<{ id: string }>('delete from auth.sessions where id = $1 returning id', [id]));
    },
  };
}
