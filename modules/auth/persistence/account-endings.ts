/** Statements about accounts that end what others may be using at the same time. */
import type { Database } from '#platform/database.ts';
import type { SessionEndings } from '../domain/session-endings.ts';

/** Call it after a statement that locks the account: a session opened at the same time has then been seen. */
export const sessionEnder =
  (database: Database, endings: SessionEndings) =>
  async (accountId: string, keep: string | null): Promise<void> => {
    const { rows } = await database.query<{ id: string }>(
      'delete from auth.sessions where account_id = $1 and id is distinct from $2::uuid returning id',
      [accountId, keep],
    );
    database.afterCommit(() => endings.tell(rows.map(({ id }) => id)));
  };

/** Locks all who can administer, so that of two who go at the same time the second one sees the first. */
export const lastAdministratorCheck =
  (database: Database) =>
  async (id: string): Promise<boolean> => {
    const { rows } = await database.query<{ id: string }>(
      `select id from auth.accounts
       where 'admin' = any (roles) and disabled_at is null and leaving_at is null
         and (select 'admin' = any (roles) from auth.accounts where id = $1)
       order by id for no key update`,
      [id],
    );
    return rows.length === 1 && rows[0]!.id === id;
  };
