import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Administration } from '../domain/administration.ts';

export function requireNewPassword(
  transaction: Transaction,
  administration: Administration,
  audit: Audit,
  logger: Logger,
): Handler<typeof AuthApi, 'requireNewPassword'> {
  const recorded = recordedActs(transaction, audit);
  return async ({ userId }) => {
    await recorded({ act: 'auth.require-new-password', target: userId }, async () => {
      if (!(await administration.requireNewPassword(userId))) throw AuthErrors.accountNotFound();
    });
    logger.info('The next login of an account has to bring a new password.', { userId });
    return {};
  };
}
