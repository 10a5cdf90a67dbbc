import type { Database } from '#platform/database.ts';
import type { Consent, Consents } from '../domain/consents.ts';
import type { SessionEndings } from '../domain/session-endings.ts';

const columns = `c.account_id as "accountId", c.application_id as "applicationId", c.scopes, c.given_at as "givenAt"`;

export const postgresConsents = (database: Database, endings: SessionEndings): Consents => ({
  async give({ accountId, applicationId, scopes, givenAt }) {
    await database.query(
      `insert into auth.consents as c (account_id, application_id, scopes, given_at) values ($1, $2, $3, $4)
       on conflict (account_id, application_id) do update set given_at = excluded.given_at,
         scopes = array(select distinct unnest(c.scopes || excluded.scopes) order by 1)`,
      [accountId, applicationId, [...scopes].sort(), givenAt],
    );
  },

  async find(accountId, applicationId) {
    const { rows } = await database.query<Consent>(
      `select ${columns} from auth.consents c where c.account_id = $1 and c.application_id = $2`,
      [accountId, applicationId],
    );
    return rows[0];
  },

  async list(accountId) {
    const { rows } = await database.query<Consent & { name: string }>(
      `select ${columns}, a.name from auth.consents c join auth.applications a on a.id = c.application_id
       where c.account_id = $1 order by c.given_at desc, a.id limit 200`,
      [accountId],
    );
    return rows;
  },

  revoke: (accountId, applicationId) =>
    database.transaction(async () => {
      const { rowCount } = await database.query(
        'delete from auth.consents where account_id = $1 and application_id = $2',
        [accountId, applicationId],
      );
      const { rows } = await database.query<{ id: string }>(
        'delete from auth.sessions where account_id = $1 and application_id = $2 returning id',
        [accountId, applicationId],
      );
      database.afterCommit(() => endings.tell(rows.map(({ id }) => id)));
      return rowCount === 1 || rows.length > 0;
    }),
});
