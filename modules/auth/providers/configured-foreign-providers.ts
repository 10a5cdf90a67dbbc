import { AuthErrors } from '../contract.ts';
import type { ForeignProviders } from '../domain/foreign-providers.ts';
import type { ForeignProviderSettings } from '../settings.ts';
import { gitHubProvider } from './github-provider.ts';
import { openIdProvider } from './openid-provider.ts';

/** The providers of AUTH_PROVIDERS. None is asked before somebody logs in with it: one that is away holds up no start. */
export function configuredForeignProviders(
  configured: readonly ForeignProviderSettings[],
  publicUrl: string,
): ForeignProviders {
  const providers = new Map(
    configured.map((settings) => [
      settings.name,
      settings.name === 'github' ? gitHubProvider(settings) : openIdProvider(settings),
    ]),
  );
  const named = (name: string) => {
    const provider = providers.get(name);
    if (!provider) throw AuthErrors.unknownProvider();
    return provider;
  };
  // One for each provider: an answer that another provider made cannot be taken for this one's (RFC 9700, 2.1).
  const redirectUri = (name: string) => `${publicUrl}/account/continue/${name}/callback`;
  return {
    all: configured.map(({ name, label }) => ({ name, label })),
    async begin(name) {
      return named(name).begin(redirectUri(name));
    },
    async finish(name, answer, checks) {
      const url = new URL(redirectUri(name));
      url.search = answer.toString();
      return named(name).finish(url, checks);
    },
  };
}
