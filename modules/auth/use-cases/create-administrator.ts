import type { Audit } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import type { StartContext } from '#platform/module.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { AdministratorSettings } from '../domain/administrator.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { PasswordRules } from '../domain/password-rules.ts';
import { addAdministrator, administratorName, newOneTimePassword, tellOneTimePassword } from './add-administrator.ts';

/** Where no administrator can log in, makes one, and tells the person at the terminal how to log in. */
export function createAdministrator(
  transaction: Transaction,
  accounts: Accounts,
  outbox: Outbox,
  audit: Audit,
  rules: PasswordRules,
  hasher: PasswordHasher,
  { email, password }: AdministratorSettings,
  clock: Clock,
): (start: StartContext) => Promise<void> {
  const add = addAdministrator(transaction, accounts, outbox, audit, hasher, clock);
  return async (start) => {
    if (await accounts.hasAdministrator()) return;
    const objection = password !== undefined && rules.objection(password, { email, name: administratorName });
    if (objection) throw AuthErrors.weakPassword(`ADMIN_PASSWORD: ${objection}`);
    const made = password ?? newOneTimePassword();
    if (await add(email, made, { oneTimePassword: password === undefined })) {
      start.announce(
        password === undefined
          ? tellOneTimePassword(email, made)
          : `Administrator: ${email}, with the password from ADMIN_PASSWORD`,
      );
      return;
    }
    // Another instance may have been faster.
    if (!(await accounts.hasAdministrator()))
      start.announce(
        `There is no administrator: ${email} belongs to another account. Set ADMIN_EMAIL to another address, or run "admin create".`,
      );
  };
}
