import { randomBytes } from 'node:crypto';
import { v7 as uuid } from 'uuid';
import type { Audit } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { Account } from '../domain/account.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import { openAccount } from './open-account.ts';

export const administratorName = 'Administrator';

/** For a person who reads it once, and chooses another at the first login. */
export const newOneTimePassword = (): string => randomBytes(18).toString('base64url');

export const tellOneTimePassword = (email: string, password: string): string =>
  `Administrator: ${email}, password ${password} (good for one login, with a newPassword: POST /v1/auth/login)`;

/** Stores an administrator, who is announced like everybody who registers; false when the address has an account. */
export const addAdministrator =
  (transaction: Transaction, accounts: Accounts, outbox: Outbox, audit: Audit, hasher: PasswordHasher, clock: Clock) =>
  async (email: string, password: string, { oneTimePassword }: Pick<Account, 'oneTimePassword'>): Promise<boolean> => {
    const passwordHash = await hasher.hash(password);
    const id = uuid();
    const open = openAccount(transaction, accounts, outbox);
    return transaction(async () => {
      const added = await open({
        id,
        email,
        name: administratorName,
        passwordHash,
        roles: ['admin'],
        registeredAt: clock.now(),
        disabledAt: null,
        oneTimePassword,
        emailVerifiedAt: null,
        mustVerifyEmail: false,
      });
      if (added) audit.add({ act: 'auth.create-administrator', target: id, outcome: 'done' });
      return added;
    });
  };
