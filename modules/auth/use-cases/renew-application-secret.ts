import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { Applications } from '../domain/applications.ts';
import { newSecret } from './register-application.ts';

export function renewApplicationSecret(
  transaction: Transaction,
  applications: Applications,
  audit: Audit,
  clock: Clock,
  logger: Logger,
): Handler<typeof AuthApi, 'renewApplicationSecret'> {
  const recorded = recordedActs(transaction, audit);
  return ({ applicationId, overlap }) =>
    recorded({ act: 'auth.renew-application-secret', target: applicationId, details: { overlap } }, async () => {
      const application = await applications.find(applicationId);
      if (!application) throw AuthErrors.applicationNotFound();
      if (application.kind === 'public') throw AuthErrors.applicationHasNoSecret();
      const now = clock.now();
      const { secret, hash } = newSecret();
      if (!(await applications.addSecret(applicationId, hash, now, new Date(now.getTime() + overlap * 1_000))))
        throw AuthErrors.applicationNotFound();
      logger.info('An application got another secret.', { applicationId });
      return { clientSecret: secret };
    });
}
