import type { Handler } from '#platform/contract.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import { registrationOf } from '../domain/account.ts';
import type { Accounts } from '../domain/accounts.ts';

export function getRegistration(accounts: Accounts): Handler<typeof AuthApi, 'getRegistration'> {
  return async ({ userId }) => {
    const account = await accounts.find(userId);
    if (!account) throw AuthErrors.accountNotFound();
    return { ...registrationOf(account), emailVerified: account.emailVerifiedAt !== null };
  };
}
