import type { Audit } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { AuthApi } from '../contract.ts';
import type { Consents } from '../domain/consents.ts';

export function revokeConsent(
  transaction: Transaction,
  consents: Consents,
  audit: Audit,
  logger: Logger,
): Handler<typeof AuthApi, 'revokeConsent'> {
  return ({ userId, applicationId }) =>
    transaction(async () => {
      if (!(await consents.revoke(userId, applicationId))) return {};
      audit.add({ act: 'auth.revoke-consent', target: applicationId, outcome: 'done' });
      logger.info('A consent was revoked.', { userId, applicationId });
      return {};
    });
}
