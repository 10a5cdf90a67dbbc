import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Applications } from '../domain/applications.ts';

export function removeApplication(
  transaction: Transaction,
  applications: Applications,
  audit: Audit,
  logger: Logger,
): Handler<typeof AuthApi, 'removeApplication'> {
  const recorded = recordedActs(transaction, audit);
  return async ({ applicationId }) => {
    await recorded({ act: 'auth.remove-application', target: applicationId }, async () => {
      if (!(await applications.remove(applicationId))) throw AuthErrors.applicationNotFound();
    });
    logger.info('An application was removed.', { applicationId });
    return {};
  };
}
