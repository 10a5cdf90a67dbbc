// ADR 0025
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Limits } from '../domain/limits.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { Sessions } from '../domain/sessions.ts';
import type { Throttle } from '../domain/throttle.ts';
import { confirmPassword } from './confirm-password.ts';

/** Milliseconds after a login in which the password need not be given again. */
const freshFor = 5 * 60_000;

/** An access token alone is not enough to erase somebody: it may have been stolen. */
export function allowErasure(
  accounts: Accounts,
  sessions: Sessions,
  hasher: PasswordHasher,
  throttle: Throttle,
  limits: Limits,
  clock: Clock,
  logger: Logger,
): Handler<typeof AuthApi, 'allowErasure'> {
  const confirm = confirmPassword(hasher, throttle, limits, logger);
  return async ({ userId, sessionId, password }, { signal }) => {
    const account = await accounts.find(userId);
    // Erased already: asking again is harmless.
    if (!account) return {};
    if (password !== undefined) await confirm(account, password, signal);
    else {
      const at = sessionId === undefined ? undefined : await sessions.authenticatedAt(sessionId, userId);
      if (at === undefined || clock.now().getTime() - at.getTime() >= freshFor) throw AuthErrors.confirmationRequired();
    }
    if (!(await accounts.leave(userId, clock.now()))) throw AuthErrors.lastAdministrator();
    return {};
  };
}
