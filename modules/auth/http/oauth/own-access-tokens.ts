// ADR 0086
import type { Provider } from 'oidc-provider';
import type { Authorizations } from '../../domain/authorizations.ts';
import type { AccessTokens, ReadToken } from '../../domain/access-tokens.ts';
import type { Sessions } from '../../domain/sessions.ts';

interface Ports {
  readonly tokens: AccessTokens;
  readonly sessions: Sessions;
  readonly authorizations: Authorizations;
}

/**
 * Access tokens are JWTs that oidc-provider does not store, and so refuses at userinfo, introspection and revocation. We know
 * whether one lives: its session does. Revoking one ends the session, and with it the refresh token (RFC 7009, 2.1).
 */
export function understandAccessTokens(provider: Provider, { tokens, sessions, authorizations }: Ports): void {
  async function living(token: string): Promise<ReadToken | undefined> {
    const read = await tokens.read(token);
    return read?.application && (await sessions.isLive(read.sessionId, read)) ? read : undefined;
  }

  const { AccessToken } = provider;
  const find = AccessToken.find.bind(AccessToken);
  Object.assign(AccessToken, {
    async find(value: string, options?: object) {
      const token = await living(value);
      if (!token) return find(value, options as never);
      const { userId: accountId, sessionId: grantId, application, expiresAt } = token;
      const { id: clientId, scopes } = application!;
      return new AccessToken({
        accountId,
        clientId,
        grantId,
        scope: scopes.join(' '),
        exp: expiresAt / 1_000,
      } as never);
    },
  });

  provider.use(async (context, next) => {
    await next();
    const { oidc, body } = context as {
      oidc?: { route?: string; params?: { token?: string }; client?: { clientId: string } };
      body?: unknown;
    };
    const refused = (body as { error?: string } | undefined)?.error === 'unsupported_token_type';
    if (!refused || !oidc?.client) return;
    const token = await living(String(oidc.params?.token));
    const own = token?.application?.id === oidc.client.clientId ? token : undefined;
    context.status = 200;
    if (oidc.route === 'revocation') {
      if (own) await authorizations.end(own.sessionId);
      context.body = '';
    } else context.body = own ? introspected(own, provider.issuer) : { active: false };
  });
}

const introspected = ({ userId, sessionId, application, expiresAt }: ReadToken, iss: string) => ({
  active: true,
  iss,
  sub: userId,
  sid: sessionId,
  client_id: application!.id,
  scope: application!.scopes.join(' '),
  exp: expiresAt / 1_000,
  token_type: 'Bearer',
});
