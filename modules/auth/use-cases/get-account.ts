import type { Handler } from '#platform/contract.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Factors } from '../domain/factors.ts';
import type { Sessions } from '../domain/sessions.ts';
import { describedSession } from './list-sessions.ts';
import { describedAccount } from './search-accounts.ts';

const mostSessions = 100;

export function getAccount(
  accounts: Accounts,
  sessions: Sessions,
  factors: Factors,
): Handler<typeof AuthApi, 'getAccount'> {
  return async ({ userId }) => {
    const account = await accounts.find(userId);
    if (!account) throw AuthErrors.accountNotFound();
    const [{ totpSince, passkeys, recoveryCodes }, living] = await Promise.all([
      factors.of(userId),
      sessions.list(userId, { limit: mostSessions }),
    ]);
    return {
      ...describedAccount(account),
      factors: { totp: totpSince !== null, passkeys, recoveryCodes },
      sessions: living.map(({ id, ...session }) => ({ id, ...describedSession(session) })),
    };
  };
}
