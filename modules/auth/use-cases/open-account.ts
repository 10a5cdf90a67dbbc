import type { Outbox } from '#platform/outbox.ts';
import type { Transaction } from '#platform/transaction.ts';
import { emailVerified, userRegistered } from '../contract.ts';
import { registrationOf, type Account } from '../domain/account.ts';
import type { Accounts } from '../domain/accounts.ts';

/** Stores a new account and announces it; false, and neither, when the e-mail address has an account already. */
export const openAccount =
  (transaction: Transaction, accounts: Accounts, outbox: Outbox) =>
  (account: Account): Promise<boolean> =>
    transaction(async () => {
      const added = await accounts.add(account);
      if (added) outbox.add(userRegistered, registrationOf(account));
      const { id: userId, email, emailVerifiedAt } = account;
      if (added && emailVerifiedAt)
        outbox.add(emailVerified, { userId, email, verifiedAt: emailVerifiedAt.toISOString() });
      return added;
    });
