import type { Database } from '#platform/database.ts';
import { changedRoles, type Role } from '../domain/account.ts';
import type { Administration, KnownAccount } from '../domain/administration.ts';
import type { SessionEndings } from '../domain/session-endings.ts';
import { lastAdministratorCheck, sessionEnder } from './account-endings.ts';

const states = { active: 'disabled_at is null', disabled: 'disabled_at is not null' };

export function postgresAdministration(database: Database, endings: SessionEndings): Administration {
  const endSessions = sessionEnder(database, endings);
  const isLastAdministrator = lastAdministratorCheck(database);

  /** The statement locks the account. */
  const whileEndingSessions = (id: string, locking: string) =>
    database.transaction(async () => {
      const { rowCount } = await database.query(locking, [id]);
      if (rowCount !== 1) return false;
      await endSessions(id, null);
      return true;
    });

  return {
    async search({ email, state, role, cursor, limit }) {
      const { rows } = await database.query<KnownAccount>(
        `select id, email, name, roles, registered_at as "registeredAt", disabled_at as "disabledAt",
           one_time_password as "oneTimePassword", email_verified_at as "emailVerifiedAt",
           must_verify_email as "mustVerifyEmail"
         from auth.accounts
         where ${state ? states[state] : 'true'} and ($1::text is null or email collate "C" like $1)
           and ($2::text is null or roles @> array[$2]) and ($3::uuid is null or id < $3)
         order by id desc limit $4`,
        [email === undefined ? null : `${email.replace(/[\\%_]/g, '\\$&')}%`, role ?? null, cursor ?? null, limit],
      );
      return rows;
    },

    changeRoles: (id, { grant, take }) =>
      database.transaction(async () => {
        if (take.includes('admin') && (await isLastAdministrator(id))) return 'last administrator';
        const { rows } = await database.query<{ roles: Role[] }>(
          'select roles from auth.accounts where id = $1 for no key update',
          [id],
        );
        if (!rows[0]) return 'unknown';
        const roles = changedRoles(rows[0].roles, grant, take);
        await database.query('update auth.accounts set roles = $2 where id = $1', [id, roles]);
        const { rows: sessions } = await database.query<{ id: string }>(
          'select id from auth.sessions where account_id = $1',
          [id],
        );
        database.afterCommit(() => endings.tellDoubted(sessions.map((session) => session.id)));
        return roles;
      }),

    endSessions: (id) => whileEndingSessions(id, 'select from auth.accounts where id = $1 for no key update'),

    requireNewPassword: (id) =>
      whileEndingSessions(id, 'update auth.accounts set one_time_password = true where id = $1'),
  };
}
