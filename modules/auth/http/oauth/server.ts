// ADR 0086
import { hkdfSync } from 'node:crypto';
import type { Configuration, KoaContextWithOIDC, Provider } from 'oidc-provider';
import type * as OidcProvider from 'oidc-provider';
import { v7 as uuid } from 'uuid';
import { currentContext } from '#platform/context.ts';
import type { Logger } from '#platform/logger.ts';
import type { AccessTokens } from '../../domain/access-tokens.ts';
import type { Accounts } from '../../domain/accounts.ts';
import type { Consents } from '../../domain/consents.ts';
import type { SessionLifetimes } from '../../domain/session-lifetimes.ts';
import type { Sessions } from '../../domain/sessions.ts';
import type { AuthSettings } from '../../settings.ts';
import type { PageKit } from '../pages/kit.ts';
import { adapterOver, type Stores } from './adapter.ts';
import { isSecret, ownProperties, personalScopes } from './clients.ts';
import { devicePages, errorPage, logoutPages } from './provider-pages.ts';
import { understandAccessTokens } from './own-access-tokens.ts';

export interface Ports extends Stores {
  readonly settings: AuthSettings;
  readonly tokens: AccessTokens;
  readonly consents: Consents;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly lifetimes: SessionLifetimes;
  readonly logger: Logger;
}

type Library = typeof OidcProvider;

/** Makes the server on first use, and anew when the signing keys change: in every process within half a minute. */
export function oauthServer(ports: Ports, kit: PageKit): () => Promise<Provider> {
  let current: { keys: string; provider: Provider } | undefined;
  return async () => {
    const jwks = await ports.tokens.privateKeys();
    const keys = jwks.map(({ kid }) => kid).join();
    if (current?.keys !== keys) {
      const library = await import('oidc-provider');
      current = { keys, provider: made(library, ports, kit, jwks) };
    }
    return current.provider;
  };
}

function made(library: Library, ports: Ports, kit: PageKit, keys: readonly object[]): Provider {
  const { settings, logger } = ports;
  const provider = new library.Provider(settings.PUBLIC_URL, configuration(library, ports, kit, keys));
  // The gateway says that a request was sent to PUBLIC_URL, whatever it said itself.
  provider.proxy = true;
  provider.Client.prototype.compareClientSecret = function (given: string) {
    return isSecret(this.clientSecret, given);
  };
  understandAccessTokens(provider, ports);
  provider.on('server_error', (_, error) => logger.error('The OAuth server failed.', { error }));
  provider.on('grant.revoked', (_, grantId) => logger.warn('An authorization was revoked.', { sessionId: grantId }));
  provider.on('backchannel.error', (_, error, client) =>
    logger.warn('An application could not be told of a logout.', { applicationId: client.clientId, error }),
  );
  return provider;
}

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1_000);

function configuration(library: Library, ports: Ports, kit: PageKit, keys: readonly object[]): Configuration {
  const { settings, accounts, lifetimes, clock } = ports;
  const now = () => seconds(clock.now().getTime());
  const secure = settings.PUBLIC_URL.startsWith('https:');
  const [access, absolute, idle] = [lifetimes.access, lifetimes.absolute, lifetimes.idle].map(seconds) as [
    number,
    number,
    number,
  ];
  return {
    adapter: adapterOver(ports, library.errors),
    jwks: { keys: keys as never },
    scopes: [...personalScopes],
    claims: { openid: ['sub'], profile: ['name'], email: ['email', 'email_verified'] },
    acrValues: ['urn:fissile:1', 'urn:fissile:2'],
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    pkce: { required: () => true },
    allowOmittingSingleRegisteredRedirectUri: false,
    extraClientMetadata: { properties: ownProperties },
    cookies: {
      // Cookies of one login are bound to its path, which `__Host-` does not allow.
      names: {
        session: `${secure ? '__Host-' : ''}oauth`,
        interaction: `${secure ? '__Secure-' : ''}oauth_login`,
        resume: `${secure ? '__Secure-' : ''}oauth_resume`,
      },
      long: { httpOnly: true, sameSite: 'lax', secure },
      short: { httpOnly: true, sameSite: 'lax', secure },
      keys: [
        Buffer.from(hkdfSync('sha256', settings.AUTH_KEY_SECRET ?? '', '', 'auth oauth cookies', 32)).toString('hex'),
      ],
    },
    routes: {
      authorization: '/oauth/authorize',
      token: '/oauth/token',
      userinfo: '/oauth/userinfo',
      introspection: '/oauth/introspect',
      revocation: '/oauth/revoke',
      pushed_authorization_request: '/oauth/par',
      device_authorization: '/oauth/device/code',
      code_verification: '/oauth/device',
      end_session: '/oauth/logout',
      jwks: '/.well-known/jwks.json',
    },
    interactions: { url: (_, { uid }) => `/oauth/interaction/${uid}`, policy: policy(library, kit) },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: (_, client, token) => client.clientId === token.clientId },
      revocation: { enabled: true, allowedPolicy: (_, client, token) => client.clientId === token.clientId },
      backchannelLogout: { enabled: true },
      pushedAuthorizationRequests: { enabled: true },
      // An API that takes such a token without its proof would undo it: see ADR 0086.
      dPoP: { enabled: false },
      deviceFlow: { enabled: true, ...devicePages(kit) },
      rpInitiatedLogout: { enabled: true, ...logoutPages(kit) },
      resourceIndicators: {
        enabled: true,
        defaultResource: (_, _client, oneOf) => oneOf ?? settings.PUBLIC_URL,
        useGrantedResource: () => true,
        getResourceServerInfo(_, resource, client) {
          if (resource !== settings.PUBLIC_URL) throw new library.errors.InvalidTarget();
          return {
            scope: [...personalScopes, ...(client.api_scopes as string[])].join(' '),
            audience: settings.TOKEN_AUDIENCE,
            accessTokenFormat: 'jwt',
            accessTokenTTL: access,
            jwt: { sign: { alg: 'RS256' } },
          };
        },
      },
    },
    async findAccount(_, id) {
      const account = await accounts.find(id);
      if (!account || account.disabledAt) return undefined;
      const { name, email } = account;
      return { accountId: id, claims: async () => ({ sub: id, name, email }) };
    },
    async extraTokenClaims(context, token) {
      if (token.kind === 'ClientCredentials')
        return { sid: token.clientId, roles: token.client?.machine_roles as string[] };
      const { RefreshToken, AuthorizationCode, DeviceCode } = context.oidc.entities;
      const { authTime, acr, amr } = RefreshToken ?? AuthorizationCode ?? DeviceCode ?? {};
      const account = await accounts.find(token.accountId);
      return { sid: token.grantId, roles: account?.roles, auth_time: authTime, acr, amr };
    },
    loadExistingGrant: (context) => existingGrant(context, ports),
    issueRefreshToken: (_, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: (_, source) => !source.scopes.has('offline_access'),
    rotateRefreshToken: () => true,
    clientBasedCORS: (_, origin, client) =>
      (client.redirectUris ?? []).some((uri) => URL.parse(uri)?.origin === origin),
    renderError: (context, out) => errorPage(kit, context, out),
    ttl: {
      AccessToken: access,
      ClientCredentials: access,
      IdToken: access,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Interaction: 3_600,
      Session: idle,
      Grant: absolute,
      // S15: however often it is renewed, the last one ends when the first would have.
      RefreshToken: (_, { iiat }) => Math.max(1, Math.min(idle, absolute - (now() - (iiat ?? now())))),
    },
  } as Configuration;
}

/** Logging in is asked for again when the browser's session with the shop has ended, or is somebody else's. */
function policy({ interactionPolicy: { base, Check } }: Library, kit: PageKit) {
  const prompts = base();
  prompts.get('login')!.checks.add(
    new Check('browser_session', 'nobody is logged in at this browser', async ({ oidc, req }) => {
      if (oidc.result?.login || oidc.session?.accountId === undefined) return Check.NO_NEED_TO_PROMPT;
      const session = await kit.sessionOf(req as never);
      return session?.account.id === oidc.session.accountId ? Check.NO_NEED_TO_PROMPT : Check.REQUEST_PROMPT;
    }),
  );
  prompts.get('login')!.checks.add(
    new Check('acr', 'the login is not sure enough', ({ oidc }) => {
      const wanted = (oidc.params?.acr_values as string | undefined)?.split(' ');
      if (!wanted || oidc.result?.login || wanted.includes(oidc.session?.acr ?? '')) return Check.NO_NEED_TO_PROMPT;
      // Two factors are more than one.
      if (wanted.includes('urn:fissile:1') && oidc.session?.acr !== undefined) return Check.NO_NEED_TO_PROMPT;
      return Check.REQUEST_PROMPT;
    }),
  );
  return prompts;
}

/** The grant of this browser; or a new one, where the person has allowed all of it before. */
async function existingGrant(context: KoaContextWithOIDC, ports: Ports) {
  const { session, client, result, params, provider } = context.oidc;
  const id = result?.consent?.grantId ?? session!.grantIdFor(client!.clientId);
  const grant = id === undefined ? undefined : await provider.Grant.find(id);
  if (grant) return grant;
  const accountId = session!.accountId!;
  const wanted = String(params!.scope ?? '')
    .split(' ')
    .filter(Boolean);
  const consent = await ports.consents.find(accountId, client!.clientId);
  if (!consent || wanted.length === 0 || !wanted.every((scope) => consent.scopes.includes(scope))) return undefined;
  return newGrant(provider, ports, {
    accountId,
    applicationId: client!.clientId,
    scopes: wanted,
    authenticatedAt: session!.loginTs,
    amr: session!.amr,
  });
}

export interface Granted {
  readonly accountId: string;
  readonly applicationId: string;
  readonly scopes: readonly string[];
  /** Epoch seconds. */
  readonly authenticatedAt?: number | undefined;
  readonly amr?: readonly string[] | undefined;
}

/** A grant and its session, under one id. */
export async function newGrant(provider: Provider, { authorizations, settings, clock }: Ports, granted: Granted) {
  const { accountId, applicationId, scopes, authenticatedAt = seconds(clock.now().getTime()), amr = [] } = granted;
  const { network = null, userAgent = null } = currentContext()?.origin ?? {};
  const id = uuid();
  const login = { authenticatedAt: new Date(authenticatedAt * 1_000), amr, network, userAgent };
  if (!(await authorizations.open({ id, accountId, applicationId, ...login }))) return undefined;
  const grant = new provider.Grant({ accountId, clientId: applicationId });
  grant.jti = id;
  grant.addOIDCScope(scopes.filter((scope) => personalScopes.includes(scope)).join(' '));
  grant.addResourceScope(settings.PUBLIC_URL, scopes.join(' '));
  await grant.save();
  return grant;
}
