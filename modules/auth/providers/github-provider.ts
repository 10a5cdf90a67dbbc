// ADR 0084
/** GitHub, which speaks OAuth 2.0 and not OpenID Connect: who it is comes from its API. */
import * as openid from 'openid-client';
import { z } from 'zod';
import type { ForeignProviderSettings } from '../settings.ts';
import { accepted, challengeOf, newChecks, type Provider } from './openid-provider.ts';

const User = z.object({ id: z.int().positive(), login: z.string(), name: z.string().nullish() });
const Emails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

/** `issuer` is https://github.com, or the address of a GitHub Enterprise Server. */
export function gitHubProvider(settings: ForeignProviderSettings): Provider {
  const issuer = settings.issuer!;
  const api = new URL(issuer).hostname === 'github.com' ? 'https://api.github.com' : `${issuer}/api/v3`;
  const config = new openid.Configuration(
    {
      issuer,
      authorization_endpoint: `${issuer}/login/oauth/authorize`,
      token_endpoint: `${issuer}/login/oauth/access_token`,
    },
    settings.client,
    undefined,
    openid.ClientSecretPost(settings.secret),
  );
  config.timeout = 10;
  if (issuer.startsWith('http:')) openid.allowInsecureRequests(config);

  const ask = async <T>(token: string, path: string, schema: z.ZodType<T>): Promise<T> => {
    const headers = new Headers({ accept: 'application/vnd.github+json', 'user-agent': 'fissile' });
    const answer = await openid.fetchProtectedResource(config, token, new URL(api + path), 'GET', undefined, headers);
    return schema.parse(await answer.json());
  };

  return {
    async begin(redirectUri) {
      const checks = newChecks();
      const url = openid.buildAuthorizationUrl(config, {
        redirect_uri: redirectUri,
        scope: 'read:user user:email',
        ...(await challengeOf(checks)),
      });
      return { url: url.href, checks };
    },

    finish: (answer, checks) =>
      accepted(settings, async () => {
        const { access_token: token } = await openid.authorizationCodeGrant(config, answer, {
          pkceCodeVerifier: checks.verifier,
          expectedState: checks.state,
        });
        const user = await ask(token, '/user', User);
        const primary = (await ask(token, '/user/emails', Emails)).find((email) => email.primary);
        return {
          issuer,
          // A login name can be given up and taken by somebody else; the number stays.
          subject: String(user.id),
          email: primary?.email,
          emailVerified: primary?.verified ?? false,
          name: user.name ?? user.login,
        };
      }),
  };
}
