import type { Audit } from '#platform/audit.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { AccessTokens } from '../domain/access-tokens.ts';
import type { Sessions } from '../domain/sessions.ts';

/**
 * A token that comes again after a moment may have been stolen: nobody can tell who is who, so all lose the session.
 * Within that moment, the grace, it is more likely a second tab or a lost answer, and gets the same answer again.
 */
export function refresh(
  transaction: Transaction,
  sessions: Sessions,
  tokens: AccessTokens,
  audit: Audit,
  logger: Logger,
): Handler<typeof AuthApi, 'refresh'> {
  return async ({ refreshToken }, { origin }) => {
    const from = origin && { network: origin.network, userAgent: origin.userAgent ?? null };
    const rotation = await sessions.rotate(refreshToken, from);
    if (rotation.outcome === 'rotated')
      return { ...(await tokens.issue(rotation.session)), refreshToken: rotation.refreshToken, tokenType: 'Bearer' };
    if (rotation.outcome === 'reused') {
      const { accountId, sessionId } = rotation;
      await transaction(async () =>
        audit.add({ act: 'auth.reuse-refresh-token', target: accountId, outcome: 'refused' }),
      );
      logger.warn('A refresh token came a second time; its session has ended.', { userId: accountId, sessionId });
    }
    throw AuthErrors.invalidRefreshToken();
  };
}
