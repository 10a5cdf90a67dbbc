import { v7 as uuid } from 'uuid';
import type { Audit } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import { networkOf } from '#platform/network.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { AccessTokens } from '../domain/access-tokens.ts';
import type { Sessions } from '../domain/sessions.ts';
import type { Authenticate } from './authenticate.ts';
import { openSession } from './open-session.ts';
import type { RememberDevice } from './remember-device.ts';

export function logIn(
  authenticate: Authenticate,
  sessions: Sessions,
  remember: RememberDevice,
  tokens: AccessTokens,
  transaction: Transaction,
  audit: Audit,
  clock: Clock,
  logger: Logger,
): Handler<typeof AuthApi, 'logIn'> {
  const open = openSession(transaction, sessions, audit);
  return async (credentials, { signal, origin }) => {
    const { account, passwordHash, methods } = await authenticate(credentials, signal);
    const session = {
      id: uuid(),
      accountId: account.id,
      roles: account.roles,
      authenticatedAt: clock.now(),
      amr: methods,
      network: networkOf(credentials.address),
      userAgent: origin?.userAgent ?? null,
      emailVerified: account.emailVerifiedAt !== null,
    };
    const opened = await open(session, passwordHash);
    if (!opened) {
      logger.warn('A login failed.', { reason: 'changed meanwhile', userId: account.id });
      throw AuthErrors.wrongCredentials();
    }
    logger.info('Somebody logged in.', { userId: account.id, sessionId: session.id });
    const known = await remember(session, account, credentials.deviceToken);
    return { ...(await tokens.issue(session)), ...opened, ...(known && { deviceToken: known }), tokenType: 'Bearer' };
  };
}
