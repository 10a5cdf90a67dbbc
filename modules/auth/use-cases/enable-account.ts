import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';

export function enableAccount(accounts: Accounts, logger: Logger): Handler<typeof AuthApi, 'enableAccount'> {
  return async ({ userId }) => {
    if (!(await accounts.enable(userId))) throw AuthErrors.accountNotFound();
    logger.info('An account was enabled.', { userId });
    return {};
  };
}
