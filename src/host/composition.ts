/** Connects the modules of this process with their databases, with each other and with the gateway, and sets them going. */
import { moduleOf } from '#platform/contract.ts';
import { Failure } from '#platform/errors.ts';
import { MemoryTransport } from '#platform/events/memory-transport.ts';
import type { Transport } from '#platform/events/transport.ts';
import type { ModuleDefinition } from '#platform/module.ts';
import type { Logger } from '#platform/observability/logger.ts';
import { Metrics } from '#platform/observability/metrics.ts';
import { Authenticator } from '#platform/security/authenticator.ts';
import { remoteAuthenticator } from '#platform/security/remote-authenticator.ts';
import { TokenVerifier } from '#platform/security/token-verifier.ts';
import { createApp, type GatewayApp } from '../gateway/app.ts';
import type { Configuration } from './configuration.ts';
import type { OpenDatabase } from './databases.ts';
import { assemble, type RunningModule } from './module-assembly.ts';
import { checkNeeds } from './modules.ts';
import type { Opened } from './opened.ts';
import type { ProgramOptions } from './program-options.ts';
import { StartupError } from './startup-error.ts';
import { version } from './version.ts';

interface CompositionOptions extends ProgramOptions {
  readonly configuration: Configuration;
  readonly definitions: readonly ModuleDefinition[];
  readonly databases: ReadonlyMap<string, OpenDatabase>;
}

export interface Composition {
  readonly gateway: GatewayApp;
  readonly modules: readonly RunningModule[];
}

export async function compose(options: CompositionOptions, opened: Opened): Promise<Composition> {
  const { environment, configuration, definitions, databases, logger, announce } = options;
  const metrics = new Metrics();
  metrics.watchProcess();
  const remoteClient = options.remoteClient ?? (() => undefined);
  const here = new Set(definitions.map(({ name }) => name));
  checkNeeds(definitions, (api) => here.has(moduleOf(api)) || remoteClient(api) !== undefined);

  const transport = new MemoryTransport();
  const modules = assemble({
    environment,
    modules: definitions,
    databases,
    transport,
    logger,
    metrics,
    remoteClient,
    wire: configuration.wire,
  });

  for (const module of modules) await runStartHooks(module, configuration, announce);

  const verifier = new TokenVerifier({
    authenticator: authenticatorOf(modules, configuration, options.authenticator),
    issuer: configuration.tokenIssuer,
    audience: configuration.tokenAudience,
  });
  const gateway = createApp({
    modules: modules.map(({ definition, client, database }) => ({
      name: definition.name,
      endpoints: definition.endpoints,
      client,
      database: database.database,
    })),
    upstreams: [],
    verifier,
    logger,
    metrics,
    details: {},
    checks: Object.fromEntries(modules.map(({ definition, database }) => [`database ${definition.name}`, database.ping])),
    settings: configuration,
    version,
  });

  warnOfUnheard(definitions, transport, logger);
  await startMessaging(modules, opened);
  await transport.start();
  opened.add('the event transport', () => transport.stop());
  return { gateway, modules };
}

/** All at once, and every one to its end even if another one fails. */
async function startMessaging(modules: readonly RunningModule[], opened: Opened): Promise<void> {
  const starts = modules.map(({ definition, messaging }) => {
    opened.add(`the messaging of ${definition.name}`, () => messaging.stop());
    return messaging.start();
  });
  await Promise.allSettled(starts);
  await Promise.all(starts);
}

/** What a module refuses to start with is somebody's setting: one line for them. */
async function runStartHooks(
  { definition, container, database }: RunningModule,
  { seed }: Configuration,
  announce: (line: string) => void,
): Promise<void> {
  for (const hook of definition.starts) {
    try {
      await container.make(hook)({ firstStart: database.firstStart, seed, announce });
    } catch (error) {
      throw error instanceof Failure ? new StartupError(error.message, { cause: error }) : error;
    }
  }
}

/** A module left out misses the events of those here: the person who left it out should know. */
function warnOfUnheard(here: readonly ModuleDefinition[], transport: Transport, logger: Logger): void {
  if (transport.reachesOtherProcesses) return;
  for (const { name, reactions } of here) {
    for (const { event } of Object.values(reactions)) {
      if (here.some((module) => module.name === event.module)) continue;
      logger.warn(`${name} reacts to ${event.name}, but ${event.module} does not run here: the event will not arrive.`);
    }
  }
}

/** The module that issues tokens says which ones to trust; without it here, the keys it publishes do. */
function authenticatorOf(
  modules: readonly RunningModule[],
  { jwksUrl }: Configuration,
  given: Authenticator | undefined,
): Authenticator {
  const issuer = modules.find(({ container }) => container.has(Authenticator));
  if (issuer) return issuer.container.get(Authenticator);
  if (given) return given;
  if (jwksUrl) return remoteAuthenticator(jwksUrl);
  throw new StartupError('No module here issues access tokens. Add the one that does to MODULES, or set JWKS_URL to the address of its keys.');
}
