import type { IncomingMessage } from 'node:http';
import type { Origin, Principal } from '#platform/context.ts';
import { platformErrors } from '#platform/errors.ts';
import type { Access } from '#platform/endpoint.ts';
import type { Logger } from '#platform/logger.ts';
import { RefusedToken } from '#platform/access-token.ts';
import type { TokenVerifier } from '#runtime/security/token-verifier.ts';

const bearer = /^Bearer +/i;

/** The token of a request (RFC 6750, in the header only: URLs end up in logs). */
export function bearerToken({ request }: { readonly request: Pick<IncomingMessage, 'headers'> }): string | undefined {
  const header = request.headers.authorization;
  const scheme = header === undefined ? undefined : bearer.exec(header)?.[0];
  return scheme && header!.slice(scheme.length).trimEnd();
}

/**
 * Finds out who sent a token. Where anyone may call, one that is not valid is ignored: a client whose token has just
 * expired must still be able to ask for a new one.
 */
export async function identify(token: string, access: Access, { verifier, logger, requestId, origin }: Identification): Promise<Principal | undefined> {
  try {
    return await verifier.verify(token);
  } catch (error) {
    const refused = error instanceof RefusedToken;
    if (refused) logger.info('An access token was refused.', { reason: error.message, requestId, ...origin });
    if (access === 'anyone') return undefined;
    if (!refused) throw error;
    throw platformErrors.unauthenticated({ detail: 'The access token is not valid, or not any more.', cause: error });
  }
}

interface Identification {
  readonly verifier: TokenVerifier;
  readonly logger: Logger;
  readonly requestId: string;
  readonly origin: Origin;
}

export function requireAccess(access: Access, principal: Principal | undefined): void {
  if (access === 'anyone') return;
  if (!principal) throw platformErrors.unauthenticated();
  if (access === 'admin' && !principal.roles.includes('admin')) throw platformErrors.forbidden();
}
