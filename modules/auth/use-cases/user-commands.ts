// ADR 0025
/** Commands about accounts for the person at the machine, who may have lost the way in over HTTP. */
import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import { platformErrors } from '#platform/errors.ts';
import type { Printed } from '#platform/module.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AccountRole, AuthErrors, Email } from '../contract.ts';
import type { Role } from '../domain/account.ts';
import type { Account } from '../domain/account.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Administration, KnownAccount } from '../domain/administration.ts';
import type { Factors } from '../domain/factors.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { Sessions } from '../domain/sessions.ts';
import type { Throttle } from '../domain/throttle.ts';
import { newOneTimePassword } from './add-administrator.ts';
import { describedSession } from './list-sessions.ts';
import { describedAccount } from './search-accounts.ts';

const mostListed = 100;

export const searchUsers =
  (administration: Administration) =>
  async (beginning = ''): Promise<Printed> => {
    const email = beginning.trim().toLowerCase();
    const found = await administration.search({ ...(email && { email }), limit: mostListed + 1 });
    const listed = found.slice(0, mostListed);
    const more = found.length > mostListed ? [`... and more: search for the beginning of an address.`] : [];
    return {
      lines: listed.length > 0 ? [...listed.map(line), ...more] : ['There is no such account.'],
      json: listed.map(describedAccount),
    };
  };

/** The newest ones. */
export const listUsers = (administration: Administration) => () => searchUsers(administration)();

export const showUser =
  (accounts: Accounts, sessions: Sessions, factors: Factors) =>
  async (address: string): Promise<Printed> => {
    const account = await accountAt(accounts, address);
    const [of, living] = await Promise.all([factors.of(account.id), sessions.list(account.id, { limit: mostListed })]);
    const described = living.map(describedSession);
    return {
      lines: [
        line(account),
        `${of.totpSince ? 'An' : 'No'} authenticator app, ${of.passkeys} passkeys, ${of.recoveryCodes} recovery codes`,
        ...described.map(({ startedAt, lastUsedAt, network, userAgent }) =>
          ['Session', `since ${startedAt}`, `last used ${lastUsedAt}`, network, userAgent].filter(Boolean).join('  '),
        ),
      ],
      json: { ...describedAccount(account), factors: of, sessions: described },
    };
  };

/** Makes a command that does something to an account and prints what it did. */
const acting =
  (transaction: Transaction, accounts: Accounts, audit: Audit) =>
  async (
    address: string,
    act: `auth.${string}`,
    work: (account: Account) => Promise<string>,
    details?: { readonly [name: string]: readonly string[] },
  ): Promise<Printed> => {
    const account = await accountAt(accounts, address);
    const told = await recordedActs(transaction, audit)({ act, target: account.id, details }, () => work(account));
    return { lines: [told], json: describedAccount((await accounts.find(account.id)) ?? account) };
  };

export const disableUser =
  (transaction: Transaction, accounts: Accounts, audit: Audit, clock: Clock) => (address: string) =>
    acting(transaction, accounts, audit)(address, 'auth.disable-account', async ({ id, email }) => {
      if ((await accounts.disable(id, clock.now())) === 'last administrator') throw AuthErrors.lastAdministrator();
      return `${email} is disabled, and all its sessions have ended.`;
    });

export const enableUser = (transaction: Transaction, accounts: Accounts, audit: Audit) => (address: string) =>
  acting(transaction, accounts, audit)(address, 'auth.enable-account', async ({ id, email }) => {
    await accounts.enable(id);
    return `${email} is enabled.`;
  });

export const endSessionsOfUser =
  (transaction: Transaction, accounts: Accounts, administration: Administration, audit: Audit) => (address: string) =>
    acting(transaction, accounts, audit)(address, 'auth.end-sessions', async ({ id, email }) => {
      await administration.endSessions(id);
      return `All sessions of ${email} have ended.`;
    });

export const removeFactorsOfUser =
  (transaction: Transaction, accounts: Accounts, factors: Factors, audit: Audit) => (address: string) =>
    acting(transaction, accounts, audit)(address, 'auth.remove-factors', async ({ id, email }) => {
      await factors.removeAll(id);
      return `${email} has no second factor.`;
    });

export const resetPasswordOfUser =
  (transaction: Transaction, accounts: Accounts, hasher: PasswordHasher, throttle: Throttle, audit: Audit) =>
  async (address: string): Promise<Printed> => {
    const password = newOneTimePassword();
    const hash = await hasher.hash(password);
    const { json, lines } = await acting(transaction, accounts, audit)(
      address,
      'auth.reset-password',
      async ({ id, email }) => {
        await accounts.resetPassword(id, hash);
        await throttle.forget([email, id]);
        return `${email}, password ${password} (good for one login, with a newPassword). All its sessions have ended.`;
      },
    );
    return { lines, json: { ...(json as object), password } };
  };

const rolesOfUser =
  (which: 'grant' | 'take') =>
  (transaction: Transaction, accounts: Accounts, administration: Administration, audit: Audit) =>
  async (address: string, name: string): Promise<Printed> => {
    const role = roleOf(name);
    const change = { grant: [], take: [], [which]: [role] };
    const work = async ({ id, email }: Account) => {
      const roles = await administration.changeRoles(id, change);
      if (roles === 'last administrator') throw AuthErrors.lastAdministrator();
      if (roles === 'unknown') throw AuthErrors.accountNotFound();
      return `${email} has the roles ${roles.join(', ')}.`;
    };
    const details = { granted: change.grant, taken: change.take };
    return acting(transaction, accounts, audit)(address, 'auth.change-roles', work, details);
  };
export const grantRole = rolesOfUser('grant');
export const takeRole = rolesOfUser('take');

const line = ({ id, email, name, roles, registeredAt, disabledAt, oneTimePassword }: KnownAccount): string =>
  [
    email,
    id,
    name,
    roles.join(','),
    `since ${registeredAt.toISOString()}`,
    disabledAt && 'disabled',
    oneTimePassword && 'must change the password',
  ]
    .filter(Boolean)
    .join('  ');

async function accountAt(accounts: Accounts, address: string): Promise<Account> {
  const { data: email } = Email.safeParse(address);
  if (email === undefined) throw platformErrors.invalidRequest(`"${address}" is not an e-mail address.`);
  const account = await accounts.findByEmail(email);
  if (!account)
    throw AuthErrors.accountNotFound(`${email} has no account. "users search" finds addresses by how they begin.`);
  return account;
}

function roleOf(name: string): Role {
  const { data: role } = AccountRole.safeParse(name);
  if (role === undefined)
    throw platformErrors.invalidRequest(`"${name}" is no role. There are: ${AccountRole.options.join(', ')}.`);
  return role;
}
