// ADR 0084
/** OpenID providers, by discovery (OpenID Connect Core 1.0 and Discovery 1.0), with PKCE, state and nonce (RFC 9700). */
import * as openid from 'openid-client';
import { AuthErrors } from '../contract.ts';
import type { ForeignChecks, ForeignIdentity } from '../domain/foreign-providers.ts';
import type { ForeignProviderSettings } from '../settings.ts';
import { appleSecret } from './apple-secret.ts';

/** One provider. `redirectUri` is where it sends the browser back to. */
export interface Provider {
  begin(redirectUri: string): Promise<{ url: string; checks: ForeignChecks }>;
  /** `answer` is the URL that the browser came back with. */
  finish(answer: URL, checks: ForeignChecks): Promise<ForeignIdentity>;
}

/** Seconds for one answer of a provider. */
const patience = 10;
const entra = 'https://login.microsoftonline.com/';

export function openIdProvider(settings: ForeignProviderSettings): Provider {
  let discovered: Promise<openid.Configuration> | undefined;

  /** Kept when it worked: a provider that was away is asked again by the next login. */
  const configuration = (): Promise<openid.Configuration> => {
    discovered ??= discover(settings);
    discovered.catch(() => (discovered = undefined));
    return discovered;
  };

  return {
    async begin(redirectUri) {
      const config = await reached(settings, configuration);
      const checks = newChecks();
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'openid email profile',
        ...(await challengeOf(checks)),
        nonce: checks.nonce,
        // Apple tells name and address only so.
        ...(settings.name === 'apple' && { response_mode: 'form_post' }),
      });
      return { url: url.href, checks };
    },

    async finish(answer, checks) {
      const config = await reached(settings, configuration);
      const tokens = await accepted(settings, () =>
        openid.authorizationCodeGrant(config, answer, {
          pkceCodeVerifier: checks.verifier,
          expectedState: checks.state,
          expectedNonce: checks.nonce,
          idTokenExpected: true,
        }),
      );
      const claims = tokens.claims()!;
      const told =
        claims.email === undefined && config.serverMetadata().userinfo_endpoint !== undefined
          ? await accepted(settings, () => openid.fetchUserInfo(config, tokens.access_token, claims.sub))
          : claims;
      return {
        issuer: claims.iss,
        subject: claims.sub,
        email: text(told.email),
        emailVerified: isVerified(claims.iss, told),
        name: text(told.name),
      };
    },
  };
}

async function discover({ issuer, client, secret, apple }: ForeignProviderSettings): Promise<openid.Configuration> {
  const server = new URL(issuer!);
  const authentication: openid.ClientAuth = apple
    ? (as, metadata, body, headers) =>
        openid.ClientSecretPost(appleSecret(client, apple, new Date()))(as, metadata, body, headers)
    : openid.ClientSecretPost(secret);
  return openid.discovery(server, client, undefined, authentication, {
    timeout: patience,
    // The settings let this happen on the own machine only.
    ...(server.protocol === 'http:' && { execute: [openid.allowInsecureRequests] }),
  });
}

/**
 * A tenant of Microsoft's says any address, so `email_verified` and `email` prove nothing there; `xms_edov` says that the
 * owner of the domain was verified (https://learn.microsoft.com/entra/identity-platform/migrate-off-email-claim-authorization).
 */
function isVerified(issuer: string, claims: { readonly [claim: string]: unknown }): boolean {
  const claim = issuer.startsWith(entra) ? claims.xms_edov : claims.email_verified;
  return claim === true || claim === 'true' || claim === '1' || claim === 1;
}

export const newChecks = (): ForeignChecks => ({
  state: openid.randomState(),
  nonce: openid.randomNonce(),
  verifier: openid.randomPKCECodeVerifier(),
});

export const challengeOf = async ({ state, verifier }: ForeignChecks) => ({
  state,
  code_challenge: await openid.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
});

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Runs what needs the provider itself, before anything of a login is judged. */
async function reached<T>({ name }: ForeignProviderSettings, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw AuthErrors.providerUnavailable({ cause: new Error(`${name} cannot be asked.`, { cause }) });
  }
}

/** Runs what judges the answer of a provider. One that did not answer is away; all else is no proof of anybody. */
export async function accepted<T>({ name }: ForeignProviderSettings, judge: () => Promise<T>): Promise<T> {
  try {
    return await judge();
  } catch (cause) {
    const isAway =
      cause instanceof openid.ClientError && (cause.code === 'OAUTH_TIMEOUT' || isServerError(cause.cause));
    const error = new Error(`${name}: ${(cause as Error).message}`, { cause });
    throw isAway || cause instanceof TypeError
      ? AuthErrors.providerUnavailable({ cause: error })
      : AuthErrors.foreignLoginFailed({ cause: error });
  }
}

const isServerError = (cause: unknown): boolean => cause instanceof Response && cause.status >= 500;
