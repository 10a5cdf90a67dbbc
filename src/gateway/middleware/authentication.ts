// ADR 0026
import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { RefusedToken } from '#platform/access-token.ts';
import { systemClock } from '#platform/clock.ts';
import { hasRole, type Principal } from '#platform/context.ts';
import { type Access, roleFor } from '#platform/endpoint.ts';
import { platformErrors } from '#platform/errors.ts';
import type { Logger } from '#platform/logger.ts';
import { Challenge } from '#runtime/http/problem.ts';
import { marksOf, type RequestContext, type RouteInfo } from '#runtime/http/request-context.ts';
import type { TokenVerifier } from '#runtime/security/token-verifier.ts';

const bearer = /^Bearer +/i;

/** Seconds after a password or another factor in which a login is recent. */
const recent = 15 * 60;

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
    const route = context.route!;
    if (context.token !== undefined && !context.principal)
      context.principal = await identify(context.token, route.access, context, verifier, logger);
    requireAccess(route, context.principal);
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

function requireAccess(route: RouteInfo, principal: Principal | undefined): void {
  const { access, recentLogin } = route;
  if (access === 'anyone') return;
  if (!principal) throw platformErrors.unauthenticated();
  if (principal.application) requireScope(route, principal.application.scopes);
  const role = roleFor(access);
  if (role !== undefined && !hasRole(principal, role)) throw platformErrors.forbidden();
  if (recentLogin) requireRecentLogin(principal);
}

function requireScope({ scope }: RouteInfo, granted: readonly string[]): void {
  if (scope !== undefined && granted.includes(scope)) return;
  throw platformErrors.insufficientScope({
    detail: scope === undefined ? 'No application may do this for a person.' : `The token needs the scope ${scope}.`,
    cause: new Challenge({ error: 'insufficient_scope', scope }),
  });
}

/** A machine has no login, and an old token says nothing about it: neither is recent. */
function requireRecentLogin({ authenticatedAt = -Infinity }: Principal): void {
  if (authenticatedAt > systemClock.now().getTime() - recent * 1_000) return;
  const error = 'insufficient_user_authentication';
  throw platformErrors.recentLoginRequired({ cause: new Challenge({ error, max_age: String(recent) }) });
}
