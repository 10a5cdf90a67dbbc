// ADR 0086
import { createHash, randomBytes } from 'node:crypto';
import { v7 as uuid } from 'uuid';
import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { AuthApi } from '../contract.ts';
import type { Application, Applications } from '../domain/applications.ts';
import { described } from './described-application.ts';
import { requireFit } from './require-fit-application.ts';

/** A secret, and what is stored of it: 256 random bits need no slow hash. */
export function newSecret(): { secret: string; hash: Buffer } {
  const secret = randomBytes(32).toString('base64url');
  return { secret, hash: createHash('sha256').update(secret).digest() };
}

export function registerApplication(
  transaction: Transaction,
  applications: Applications,
  audit: Audit,
  clock: Clock,
  logger: Logger,
): Handler<typeof AuthApi, 'registerApplication'> {
  const recorded = recordedActs(transaction, audit);
  return async ({ backchannelLogoutUri = null, logo = null, ...fields }) => {
    const application: Application = {
      id: uuid(),
      ...fields,
      backchannelLogoutUri,
      logo,
      createdAt: clock.now(),
      disabledAt: null,
    };
    const { kind } = fields;
    requireFit(application);
    const { secret, hash } = newSecret();
    const details = { kind, name: application.name };
    await recorded({ act: 'auth.register-application', target: application.id, details }, async () => {
      await applications.add(application);
      if (kind !== 'public')
        await applications.addSecret(application.id, hash, application.createdAt, application.createdAt);
    });
    logger.info('An application was registered.', { applicationId: application.id });
    return { ...described(application), ...(kind !== 'public' && { clientSecret: secret }) };
  };
}
