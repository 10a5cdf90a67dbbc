// ADR 0045
/** Whom this process believes about access tokens: the module that issues them, here or elsewhere, or the keys at JWKS_URL. */
import type { JsonWebKey } from 'node:crypto';
import type { Api, Client, Operation } from '#platform/contract.ts';
import type { Transport } from '#runtime/events/transport.ts';
import type { Authentication, ModuleDefinition } from '#platform/module.ts';
import { Authenticator } from '#platform/authenticator.ts';
import { remoteAuthenticator } from '#runtime/security/remote-authenticator.ts';
import { type Configuration, moduleVariable } from './configuration.ts';
import type { RunningModule } from './module-assembly.ts';
import { StartupError } from './startup-error.ts';

/** Sessions that ended, to all processes, so that none of them goes on trusting what it remembers. */
const ended = 'session-ended';

interface Options {
  readonly running: readonly RunningModule[];
  readonly elsewhere: readonly ModuleDefinition[];
  readonly clientOf: (module: string, caller: string) => Client<Api> | undefined;
  readonly transport: Transport;
  readonly configuration: Configuration;
  readonly given: Authenticator | undefined;
  /** Takes a line for the person who starts the program. */
  readonly announce: (line: string) => void;
}

export function authenticatorOf(options: Options): Authenticator {
  const { running, elsewhere, clientOf, transport, configuration, given, announce } = options;
  const issuer = running.find(({ container }) => container.has(Authenticator));
  if (issuer) return withOtherProcesses(issuer.container.get(Authenticator), transport);
  if (given) return given;
  for (const { name, authenticates } of elsewhere) {
    const client = authenticates && clientOf(name, 'platform');
    if (client) return issuedElsewhere(client, authenticates, transport);
  }
  announce(
    'Weak setting: JWKS_URL alone. Nobody here can ask whether a session lives: a disabled or logged-out person is let in until the token expires. ' +
      'Keep ACCESS_TOKEN_SECONDS short where tokens are issued.',
  );
  return remoteAuthenticator(configuration.jwksUrl!);
}

interface Trusted extends Pick<Options, 'elsewhere' | 'configuration' | 'given'> {
  readonly definitions: readonly ModuleDefinition[];
  readonly isCalled: (module: string) => boolean;
}

/** Refuses a process in which nobody could say whether an access token is good. */
export function checkTrust({ definitions, elsewhere, isCalled, configuration, given }: Trusted): void {
  if (given || configuration.jwksUrl || definitions.some(({ authenticates }) => authenticates)) return;
  if (elsewhere.some(({ name, authenticates }) => authenticates && isCalled(name))) return;
  const whereToAsk = elsewhere
    .filter((module) => module.authenticates)
    .map(({ name }) => `, say where to call it: ${moduleVariable(name, 'URL')}`);
  throw new StartupError(
    `No module here issues access tokens. Add the one that does to MODULES${whereToAsk.join('')}, or set JWKS_URL to the address of its keys.`,
  );
}

/** Tells other processes which sessions end here, and hears of those that end in another replica of the issuer. */
function withOtherProcesses(authenticator: Authenticator, transport: Transport): Authenticator {
  authenticator.onEnded((sessionId) => transport.broadcast(ended, sessionId));
  return {
    keys: () => authenticator.keys(),
    isLive: (principal) => authenticator.isLive(principal),
    onEnded(listener, onGap) {
      authenticator.onEnded(listener);
      transport.onBroadcast(ended, listener, onGap);
    },
  };
}

const issuedElsewhere = (
  client: Client<Api>,
  { keys, session }: Authentication,
  transport: Transport,
): Authenticator => ({
  keys: async () => ((await ask(client, keys, {})) as { keys: readonly JsonWebKey[] }).keys,
  isLive: async ({ sessionId, userId, roles }) =>
    ((await ask(client, session, { sessionId, claimed: { userId, roles } })) as { live: boolean }).live,
  onEnded: (listener, onGap) => transport.onBroadcast(ended, listener, onGap),
});

const ask = (client: Client<Api>, { name }: Operation, input: object): Promise<unknown> =>
  client[name]!(input as never);
