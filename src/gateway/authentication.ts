import { platformErrors } from '#platform/errors.ts';
import type { Access } from '#platform/http/endpoint.ts';
import type { Exchange } from '#platform/http/exchange.ts';
import type { Logger } from '#platform/observability/logger.ts';
import { RefusedToken } from '#platform/security/access-token.ts';
import type { TokenVerifier } from '#platform/security/token-verifier.ts';

const bearer = /^Bearer +([\w.~+/=-]+) *$/i;

/** The token of a request (RFC 6750, in the header only: URLs end up in logs). */
export const bearerToken = ({ request }: Exchange): string | undefined => {
  const header = request.headers.authorization;
  return header === undefined ? undefined : bearer.exec(header)?.[1];
};

/**
 * Finds out who asks, and whether they may. Where anyone may, a token that is not valid is ignored: a client whose
 * token has just expired must still be able to ask for a new one.
 */
export async function admit(exchange: Exchange, access: Access, verifier: TokenVerifier, logger: Logger): Promise<void> {
  if (!exchange.principal) {
    const token = bearerToken(exchange);
    try {
      if (token !== undefined) exchange.principal = await verifier.verify(token);
    } catch (error) {
      if (error instanceof RefusedToken) logger.info('An access token was refused.', { reason: error.message, requestId: exchange.requestId });
      if (access === 'anyone') return;
      throw error instanceof RefusedToken
        ? platformErrors.unauthenticated({ detail: 'The access token is not valid, or not any more.', cause: error })
        : error;
    }
  }
  if (access === 'anyone') return;
  if (!exchange.principal) throw platformErrors.unauthenticated();
  if (access === 'admin' && !exchange.principal.roles.includes('admin')) throw platformErrors.forbidden();
}
