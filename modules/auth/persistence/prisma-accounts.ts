import type { Database } from '#platform/database.ts';
import type { PersonalTraces } from '#platform/personal-traces.ts';
import type { Account, Role } from '../domain/account.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { SessionEndings } from '../domain/session-endings.ts';
import { lastAdministratorCheck, sessionEnder } from './account-endings.ts';
import type { PrismaClient } from './generated/client.ts';
import { hashOfDevice } from './postgres-devices.ts';

interface Row {
  id: string;
  email: string;
  name: string;
  passwordHash: string;
  roles: string[];
  registeredAt: Date;
  disabledAt: Date | null;
  oneTimePassword: boolean;
  emailVerifiedAt: Date | null;
  mustVerifyEmail: boolean;
}

const columns = `id, email, name, password_hash as "passwordHash", roles, registered_at as "registeredAt",
  disabled_at as "disabledAt", one_time_password as "oneTimePassword", email_verified_at as "emailVerifiedAt",
  must_verify_email as "mustVerifyEmail"`;
const accountOf = ({
  id,
  email,
  name,
  passwordHash,
  roles,
  registeredAt,
  disabledAt,
  oneTimePassword,
  emailVerifiedAt,
  mustVerifyEmail,
}: Row): Account => ({
  id,
  email,
  name,
  passwordHash,
  roles: roles as Role[],
  registeredAt,
  disabledAt,
  oneTimePassword,
  emailVerifiedAt,
  mustVerifyEmail,
});

export function prismaAccounts(
  database: Database,
  prisma: PrismaClient,
  traces: PersonalTraces,
  endings: SessionEndings,
): Accounts {
  const endSessions = sessionEnder(database, endings);
  const isLastAdministrator = lastAdministratorCheck(database);

  return {
    async add(account) {
      const data = { ...account, roles: [...account.roles] };
      return (await prisma.account.createMany({ data, skipDuplicates: true })).count > 0;
    },

    async find(id) {
      const row = await prisma.account.findUnique({ where: { id } });
      return row ? accountOf(row) : undefined;
    },

    async findByEmail(email) {
      const row = await prisma.account.findUnique({ where: { email } });
      return row ? accountOf(row) : undefined;
    },

    async administrators() {
      const rows = await prisma.account.findMany({
        where: { roles: { has: 'admin' } },
        orderBy: [{ registeredAt: 'asc' }, { id: 'asc' }],
      });
      return rows.map(accountOf);
    },

    resetPassword: (id, passwordHash) =>
      database.transaction(async () => {
        await prisma.account.updateMany({
          where: { id },
          data: { passwordHash, oneTimePassword: true, leavingAt: null },
        });
        await endSessions(id, null);
        await prisma.device.deleteMany({ where: { accountId: id } });
      }),

    /** One statement whether there is an account or not. */
    async findForLogIn(email, deviceToken) {
      const { rows } = await database.query<Row & { knowsDevice: boolean; hasFactor: boolean }>(
        `select ${columns}, exists (select from auth.devices d where d.hash = $2 and d.account_id = a.id) as "knowsDevice",
           exists (select from auth.totp_secrets t where t.account_id = a.id and t.confirmed_at is not null)
             or exists (select from auth.passkeys p where p.account_id = a.id) as "hasFactor"
         from auth.accounts a where email = $1`,
        [email, deviceToken === undefined ? null : hashOfDevice(deviceToken)],
      );
      const row = rows[0];
      return row && { account: accountOf(row), knowsDevice: row.knowsDevice, hasFactor: row.hasFactor };
    },

    /** Asked at every start, and so not through Prisma, whose query compiler would have to be loaded for it. */
    async hasAdministrator() {
      const { rowCount } = await database.query(
        `select from auth.accounts where 'admin' = any (roles) and disabled_at is null limit 1`,
      );
      return rowCount === 1;
    },

    async rehash(id, from, to) {
      await prisma.account.updateMany({ where: { id, passwordHash: from }, data: { passwordHash: to } });
    },

    changePassword: (id, { from, to, keep }) =>
      database.transaction(async () => {
        const { count } = await prisma.account.updateMany({
          where: { id, passwordHash: from },
          data: { passwordHash: to, oneTimePassword: false },
        });
        if (count === 0) return false;
        await endSessions(id, keep);
        await prisma.device.deleteMany({ where: { accountId: id } });
        return true;
      }),

    async verifyEmail(id, email, at) {
      const { rowCount } = await database.query(
        'update auth.accounts set email_verified_at = $3 where id = $1 and email = $2 and email_verified_at is null',
        [id, email, at],
      );
      return rowCount === 1;
    },

    async changeEmail(id, email, at) {
      const { rowCount } = await database.query(
        `update auth.accounts set email = $2, email_verified_at = $3
         where id = $1 and not exists (select from auth.accounts where email = $2)`,
        [id, email, at],
      );
      return rowCount === 1;
    },

    disable: (id, at) =>
      database.transaction(async () => {
        if (await isLastAdministrator(id)) return 'last administrator';
        const { rowCount } = await database.query(
          'update auth.accounts set disabled_at = coalesce(disabled_at, $2) where id = $1',
          [id, at],
        );
        await endSessions(id, null);
        return rowCount === 1 ? 'disabled' : 'unknown';
      }),

    leave: (id, at) =>
      database.transaction(async () => {
        if (await isLastAdministrator(id)) return false;
        await database.query('update auth.accounts set leaving_at = coalesce(leaving_at, $2) where id = $1', [id, at]);
        return true;
      }),

    async enable(id) {
      return (await prisma.account.updateMany({ where: { id }, data: { disabledAt: null } })).count > 0;
    },

    forget: (id) =>
      database.transaction(async () => {
        const { rows } = await database.query<Row>(`select ${columns} from auth.accounts where id = $1 for update`, [
          id,
        ]);
        if (!rows[0]) return undefined;
        await endSessions(id, null);
        await prisma.account.delete({ where: { id } });
        await traces.forget(id);
        return accountOf(rows[0]);
      }),
  };
}
