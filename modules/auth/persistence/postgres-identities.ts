import type { Database } from '#platform/database.ts';
import type { Account } from '../domain/account.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Identities, Identity } from '../domain/identities.ts';

const columns = `id, account_id as "accountId", issuer, subject, provider, email, connected_at as "connectedAt"`;
type Row = Omit<Identity, 'email'> & { readonly email: string | null };

export function postgresIdentities(database: Database, accounts: Accounts): Identities {
  return {
    /** The lock lets the end of the account and this see each other, whichever comes first. */
    async add({ id, accountId, issuer, subject, provider, email, connectedAt }) {
      const { rowCount } = await database.query(
        `with owner as (select id from auth.accounts where id = $2 for key share)
         insert into auth.identities (id, account_id, issuer, subject, provider, email, connected_at)
         select $1, id, $3, $4, $5, $6, $7 from owner
         on conflict (issuer, subject) do nothing`,
        [id, accountId, issuer, subject, provider, email ?? null, connectedAt],
      );
      return rowCount === 1;
    },

    async owner(issuer, subject) {
      const { rows } = await database.query<{ email: string }>(
        `select accounts.email from auth.identities join auth.accounts on accounts.id = account_id
         where issuer = $1 and subject = $2`,
        [issuer, subject],
      );
      return rows[0] && ownerOf(await accounts.findForLogIn(rows[0].email, undefined));
    },

    async of(accountId) {
      const { rows } = await database.query<Row & Record<string, unknown>>(
        `select ${columns} from auth.identities where account_id = $1 order by connected_at, id`,
        [accountId],
      );
      return rows.map(({ email, ...identity }) => ({ ...identity, email: email ?? undefined }));
    },

    async remove(id, accountId) {
      const { rowCount } = await database.query('delete from auth.identities where id = $1 and account_id = $2', [
        id,
        accountId,
      ]);
      return rowCount === 1;
    },
  };
}

const ownerOf = (found: { account: Account; hasFactor: boolean } | undefined) =>
  found && { account: found.account, hasFactor: found.hasFactor };
