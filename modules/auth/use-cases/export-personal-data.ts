import type { Handler } from '#platform/contract.ts';
import type { AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Sessions } from '../domain/sessions.ts';

/** Of somebody we do not know, or not any more, we store nothing. */
export function exportPersonalData(accounts: Accounts, sessions: Sessions): Handler<typeof AuthApi, 'exportPersonalData'> {
  return async ({ userId }) => {
    const account = await accounts.find(userId);
    if (!account) return { roles: [], sessions: [] };
    const { email, name, roles, registeredAt } = account;
    const living = await sessions.list(userId);
    return {
      email,
      name,
      roles: [...roles],
      registeredAt: registeredAt.toISOString(),
      sessions: living.map(({ startedAt, lastUsedAt }) => ({
        startedAt: startedAt.toISOString(),
        lastUsedAt: lastUsedAt.toISOString(),
      })),
    };
  };
}
