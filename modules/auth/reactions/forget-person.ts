import type { Reaction } from '#platform/module.ts';
import type { Logger } from '#platform/logger.ts';
import type { personErased } from '../../users/contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Throttle } from '../domain/throttle.ts';

/** Who is erased is logged out at once and leaves nothing behind; their e-mail address is free again. */
export function forgetPerson(accounts: Accounts, throttle: Throttle, logger: Logger): Reaction<typeof personErased> {
  return async ({ userId }) => {
    const account = await accounts.forget(userId);
    if (!account) return;
    await throttle.forget([account.email, userId]);
    logger.info('An account was erased.', { userId });
  };
}
