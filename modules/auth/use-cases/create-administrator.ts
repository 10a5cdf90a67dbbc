import { randomBytes } from 'node:crypto';
import { v7 as uuid } from 'uuid';
import type { Clock } from '#platform/clock.ts';
import type { StartContext } from '#platform/module.ts';
import { AuthErrors, userRegistered } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { PasswordRules } from '../domain/password-rules.ts';

/** Who the first administrator is; without a password one is made up. */
export abstract class AdministratorSettings {
  abstract readonly email: string;
  abstract readonly password: string | undefined;
}

/** Where no administrator can log in, makes one, and tells the person at the terminal how to log in. */
export function createAdministrator(
  accounts: Accounts,
  rules: PasswordRules,
  hasher: PasswordHasher,
  settings: AdministratorSettings,
  clock: Clock,
): (start: StartContext) => Promise<void> {
  return async (start) => {
    if (await accounts.hasAdministrator()) return;
    const { email } = settings;
    const password = settings.password ?? randomBytes(18).toString('base64url');
    const objection = rules.objection(password, settings);
    if (objection) throw AuthErrors.weakPassword(`ADMIN_PASSWORD: ${objection}`);
    const passwordHash = await hasher.hash(password);
    const [userId, name, registeredAt] = [uuid(), 'Administrator', clock.now()];
    const added = await accounts.add(
      { id: userId, email, name, passwordHash, roles: ['admin'], registeredAt, disabledAt: null },
      (outbox) => outbox.add(userRegistered, { userId, email, name, registeredAt: registeredAt.toISOString() }),
    );
    if (!added) {
      // Another instance may have been faster.
      if (!(await accounts.hasAdministrator()))
        start.announce(`There is no administrator: ${email} belongs to another account. Set ADMIN_EMAIL to another address.`);
      return;
    }
    start.announce(
      settings.password === undefined
        ? `Administrator: ${email}, password ${password} (shown once: change it with POST /v1/auth/password)`
        : `Administrator: ${email}, with the password from ADMIN_PASSWORD`,
    );
  };
}
