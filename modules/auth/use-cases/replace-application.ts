import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Applications } from '../domain/applications.ts';
import { described } from './described-application.ts';
import { requireFit } from './require-fit-application.ts';

/** Keeps its kind, its secrets, and when it was registered. */
export function replaceApplication(
  transaction: Transaction,
  applications: Applications,
  audit: Audit,
  clock: Clock,
  logger: Logger,
): Handler<typeof AuthApi, 'replaceApplication'> {
  const recorded = recordedActs(transaction, audit);
  return ({ applicationId, disabled, backchannelLogoutUri = null, logo = null, ...fields }) =>
    recorded({ act: 'auth.replace-application', target: applicationId, details: { disabled } }, async () => {
      const before = await applications.find(applicationId);
      if (!before) throw AuthErrors.applicationNotFound();
      const disabledAt = disabled ? (before.disabledAt ?? clock.now()) : null;
      const after = { ...before, ...fields, backchannelLogoutUri, logo, disabledAt };
      requireFit(after);
      if (!(await applications.replace(after))) throw AuthErrors.applicationNotFound();
      logger.info('An application was changed.', { applicationId });
      return described(after);
    });
}
