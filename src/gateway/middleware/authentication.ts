import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { RefusedToken } from '#platform/access-token.ts';
import type { Principal } from '#platform/context.ts';
import type { Access } from '#platform/endpoint.ts';
import { platformErrors } from '#platform/errors.ts';
import type { Logger } from '#platform/logger.ts';
import { marksOf, type RequestContext } from '#runtime/http/request-context.ts';
import type { TokenVerifier } from '#runtime/security/token-verifier.ts';

const bearer = /^Bearer +/i;

/** Reads the token (RFC 6750, in the header only: URLs end up in logs), and knows the person again whose token was verified lately. */
export const recognition =
  (verifier: TokenVerifier): RequestHandler =>
  (request, _response, next) => {
    const token = bearerToken(request);
    request.context.token = token;
    request.context.principal = token === undefined ? undefined : verifier.recall(token);
    next();
  };

/** Verifies a token that is not known yet, and refuses who may not use the route. */
export const authentication =
  (verifier: TokenVerifier, logger: Logger): RequestHandler =>
  async ({ context }, _response, next) => {
    const { access } = context.route!;
    if (context.token !== undefined && !context.principal)
      context.principal = await identify(context.token, access, context, verifier, logger);
    requireAccess(access, context.principal);
    next();
  };

export function bearerToken({ headers: { authorization } }: Pick<IncomingMessage, 'headers'>): string | undefined {
  const scheme = authorization === undefined ? undefined : bearer.exec(authorization)?.[0];
  return scheme && authorization!.slice(scheme.length).trimEnd();
}

/**
 * Finds out who sent a token. Where anyone may call, one that is not valid is ignored: a client whose token has just
 * expired must still be able to ask for a new one.
 */
async function identify(
  token: string,
  access: Access,
  context: RequestContext,
  verifier: TokenVerifier,
  logger: Logger,
): Promise<Principal | undefined> {
  try {
    return await verifier.verify(token, { requestId: context.id, trace: context.trace });
  } catch (error) {
    const refused = error instanceof RefusedToken;
    if (refused)
      logger.info('An access token was refused.', { reason: error.message, ...marksOf(context), ...context.origin });
    if (access === 'anyone') return undefined;
    if (!refused) throw error;
    throw platformErrors.unauthenticated({ detail: 'The access token is not valid, or not any more.', cause: error });
  }
}

function requireAccess(access: Access, principal: Principal | undefined): void {
  if (access === 'anyone') return;
  if (!principal) throw platformErrors.unauthenticated();
  if (access === 'admin' && !principal.roles.includes('admin')) throw platformErrors.forbidden();
}
