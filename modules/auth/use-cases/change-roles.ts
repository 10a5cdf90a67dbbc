import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Administration } from '../domain/administration.ts';

export function changeRoles(
  transaction: Transaction,
  administration: Administration,
  audit: Audit,
  logger: Logger,
): Handler<typeof AuthApi, 'changeRoles'> {
  const recorded = recordedActs(transaction, audit);
  return async ({ userId, grant, take }) => {
    const details = { granted: grant, taken: take };
    const roles = await recorded({ act: 'auth.change-roles', target: userId, details }, async () => {
      const changed = await administration.changeRoles(userId, { grant, take });
      if (changed === 'unknown') throw AuthErrors.accountNotFound();
      if (changed === 'last administrator') throw AuthErrors.lastAdministrator();
      return changed;
    });
    logger.info('Roles were changed.', { userId, ...details });
    return { roles: [...roles] };
  };
}
