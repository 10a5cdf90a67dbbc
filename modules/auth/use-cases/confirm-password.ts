import type { Logger } from '#platform/logger.ts';
import { AuthErrors } from '../contract.ts';
import type { Account } from '../domain/account.ts';
import type { Limits } from '../domain/limits.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { Throttle } from '../domain/throttle.ts';
import { attempt } from './attempt.ts';

/**
 * Throws unless somebody who is logged in knows the password of their account. Guesses are counted apart from logins:
 * the holder of a stolen access token cannot keep the owner from logging in.
 */
export function confirmPassword(hasher: PasswordHasher, throttle: Throttle, limits: Limits, logger: Logger) {
  return async (account: Account, password: string, signal: AbortSignal): Promise<void> => {
    const requester = { network: account.id, account: account.id, signal };
    const limit = limits.currentPassword(account.id);
    if (await attempt(throttle, [limit], logger, () => hasher.verify(password, account.passwordHash, requester))) {
      await throttle.clear(limit);
      return;
    }
    logger.warn('A current password was wrong.', { userId: account.id });
    throw AuthErrors.wrongCredentials('The current password is wrong.');
  };
}
