// ADR 0025
/** Commands about administrators for the person at the machine. */
import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import { platformErrors } from '#platform/errors.ts';
import type { Printed } from '#platform/module.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, Email } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { Throttle } from '../domain/throttle.ts';
import { addAdministrator, newOneTimePassword, tellOneTimePassword } from './add-administrator.ts';

export const listAdministrators = (accounts: Accounts) => async (): Promise<Printed> => {
  const all = await accounts.administrators();
  const json = all.map(({ email, name, registeredAt, disabledAt, oneTimePassword }) => ({
    email,
    name,
    registeredAt,
    disabledAt,
    oneTimePassword,
  }));
  const lines = json.map(({ email, name, registeredAt, disabledAt, oneTimePassword }) =>
    [
      email,
      name,
      `since ${registeredAt.toISOString()}`,
      disabledAt && 'disabled',
      oneTimePassword && 'has not logged in with their password yet',
    ]
      .filter(Boolean)
      .join('  '),
  );
  return { lines: lines.length > 0 ? lines : ['There is no administrator.'], json };
};

export function createAdministratorNow(
  transaction: Transaction,
  accounts: Accounts,
  outbox: Outbox,
  audit: Audit,
  hasher: PasswordHasher,
  clock: Clock,
) {
  const add = addAdministrator(transaction, accounts, outbox, audit, hasher, clock);
  return async (address: string): Promise<Printed> => {
    const [email, password] = [emailOf(address), newOneTimePassword()];
    const added = await add(email, password, { oneTimePassword: true });
    if (!added)
      throw platformErrors.invalidRequest(
        `${email} has an account already. Take another address, or "admin reset-password" if it is an administrator's.`,
      );
    return { lines: [tellOneTimePassword(email, password)], json: { email, password } };
  };
}

export const resetAdministratorPassword =
  (transaction: Transaction, accounts: Accounts, audit: Audit, hasher: PasswordHasher, throttle: Throttle) =>
  async (address: string): Promise<Printed> => {
    const email = emailOf(address);
    const account = await accounts.findByEmail(email);
    if (!account?.roles.includes('admin'))
      throw AuthErrors.accountNotFound(`${email} is no administrator. "admin list" shows who is.`);
    const password = newOneTimePassword();
    const hash = await hasher.hash(password);
    await recordedActs(transaction, audit)({ act: 'auth.reset-password', target: account.id }, async () => {
      await accounts.resetPassword(account.id, hash);
      await throttle.forget([email, account.id]);
    });
    const disabled = account.disabledAt
      ? ['The account is disabled: another administrator has to enable it first.']
      : [];
    return {
      lines: [tellOneTimePassword(email, password), 'All sessions of the account have ended.', ...disabled],
      json: { email, password, disabledAt: account.disabledAt },
    };
  };

function emailOf(text: string): string {
  const { data } = Email.safeParse(text);
  if (data === undefined) throw platformErrors.invalidRequest(`"${text}" is not an e-mail address.`);
  return data;
}
