/** Another provider of identities: an OpenID provider of its own, whose people log in at once and allow everything. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Configuration, Provider } from 'oidc-provider';

export interface ForeignPerson {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly name?: string;
}

export interface ForeignOpenId {
  readonly issuer: string;
  readonly client: string;
  readonly secret: string;
  /** The person who logs in from now on. */
  logIn(person: ForeignPerson): void;
  /** Follows a link to its login, as a browser without pages does, and returns the URL that it sends the browser back to. */
  visit(url: string): Promise<URL>;
  close(): Promise<void>;
}

/** `redirectUris`: of its one client. `claims` changes what it tells in the id token. */
export async function foreignOpenId(
  redirectUris: string[],
  { clientAuth = 'client_secret_post' }: { readonly clientAuth?: 'client_secret_post' | 'none' } = {},
): Promise<ForeignOpenId> {
  const people = new Map<string, ForeignPerson>();
  let current = '';
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [client, secret] = ['shop', 'a secret of the shop’s'.padEnd(40, '!').replace('’', "'")];
  const day = 86_400;
  const configuration: Configuration = {
    clients: [
      {
        client_id: client,
        client_secret: secret,
        redirect_uris: redirectUris,
        token_endpoint_auth_method: clientAuth,
      },
    ],
    cookies: { keys: ['foreign'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    findAccount: (_context, sub) => ({ accountId: sub, claims: async () => ({ ...people.get(sub), sub }) }),
    async loadExistingGrant(context) {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client!.clientId,
        accountId: context.oidc.session!.accountId!,
      });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    ttl: { AccessToken: day, AuthorizationCode: 60, Grant: day, IdToken: day, Interaction: day, Session: day },
  };
  const provider = new Provider(issuer, configuration);
  const answer = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url!.startsWith('/interaction/')) return void answer(request, response);
    void provider.interactionFinished(request, response, { login: { accountId: current } });
  });

  return {
    issuer,
    client,
    secret,
    logIn(person) {
      people.set(person.sub, person);
      current = person.sub;
    },
    async visit(url) {
      const cookies = new Map<string, string>();
      for (let next = new URL(url); ;) {
        const page = await fetch(next, {
          redirect: 'manual',
          headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
        });
        for (const line of page.headers.getSetCookie()) {
          const [pair] = line.split(';');
          cookies.set(pair!.slice(0, pair!.indexOf('=')), pair!.slice(pair!.indexOf('=') + 1));
        }
        const location = page.headers.get('location');
        if (!location) throw new Error(`${page.status} at ${next.href}: ${await page.text()}`);
        next = new URL(location, next);
        if (redirectUris.some((uri) => next.href.startsWith(uri))) return next;
      }
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
