/**
 * The program: the modules of this process with their databases, connected to each other and served over HTTP.
 * Starting opens one thing after the other, stopping closes them in reverse order.
 */
import type { Api, Client } from '#platform/contract.ts';
import { moduleOf } from '#platform/contract.ts';
import { Failure } from '#platform/errors.ts';
import { MemoryTransport } from '#platform/events/memory-transport.ts';
import type { Transport } from '#platform/events/transport.ts';
import type { ModuleDefinition } from '#platform/module.ts';
import type { Logger } from '#platform/observability/logger.ts';
import type { RootLogger } from '#platform/observability/create-logger.ts';
import { Metrics } from '#platform/observability/metrics.ts';
import { Authenticator } from '#platform/security/authenticator.ts';
import { remoteAuthenticator } from '#platform/security/remote-authenticator.ts';
import { TokenVerifier } from '#platform/security/token-verifier.ts';
import { createApp } from '../gateway/app.ts';
import { readConfiguration, type Configuration, type Environment } from './configuration.ts';
import { openDatabases } from './databases.ts';
import { HttpFront } from './http-front.ts';
import { assemble, type RunningModule } from './module-assembly.ts';
import { checkNeeds, discoverModules, selectModules } from './modules.ts';
import { Opened } from './opened.ts';
import { StartupError } from './startup-error.ts';
import { version } from './version.ts';

export interface ProgramOptions {
  readonly environment: Environment;
  readonly logger: RootLogger;
  /** Takes a line for the person who starts the program. */
  readonly announce: (line: string) => void;
  /** Gives a client for a module that does not run here; undefined where there is none. */
  readonly remoteClient?: (api: Api) => Client<Api> | undefined;
  /** Trusts tokens where no module here issues them. */
  readonly authenticator?: Authenticator;
}

export interface Program {
  /** Without a slash at the end. */
  readonly url: string;
  readonly modules: readonly RunningModule[];
  /** Where the data lies, for a person. */
  readonly dataLocation: string;
  /** Resolves when the program cannot go on, such as when its database died. */
  readonly failed: Promise<Error>;
  /** Takes no new requests, finishes what is under way within SHUTDOWN_TIMEOUT, and lets go of everything. */
  stop(): Promise<void>;
}

/** Rejects with a StartupError where a person can do something about it; nothing is left open then. */
export async function startProgram(options: ProgramOptions): Promise<Program> {
  const opened = new Opened(options.logger);
  try {
    return await openProgram(options, opened);
  } catch (error) {
    await opened.closeAll();
    throw error;
  }
}

async function openProgram(options: ProgramOptions, opened: Opened): Promise<Program> {
  const { environment, logger, announce } = options;
  const configuration = readConfiguration(environment);
  const metrics = new Metrics();
  metrics.watchProcess();
  const remoteClient = options.remoteClient ?? (() => undefined);

  const all = await discoverModules();
  const definitions = selectModules(all, configuration.modules);
  const here = new Set(definitions.map(({ name }) => name));
  checkNeeds(definitions, (api) => here.has(moduleOf(api)) || remoteClient(api) !== undefined);

  const front = await HttpFront.listen(configuration);
  opened.add('the HTTP server', () => front.close(0));
  const allModules = all.map(({ name }) => name);
  const databases = await openDatabases({ configuration, environment, modules: [...here], allModules, logger, announce }, opened);
  const transport = new MemoryTransport();
  const modules = assemble({
    environment,
    modules: definitions,
    databases: databases.modules,
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
    verifier,
    logger,
    metrics,
    checks: Object.fromEntries(modules.map(({ definition, database }) => [`database ${definition.name}`, database.ping])),
    settings: configuration,
    version,
  });

  warnOfUnheard(definitions, transport, logger);
  for (const { definition, messaging } of modules) {
    opened.add(`the messaging of ${definition.name}`, () => messaging.stop());
    await messaging.start();
  }
  await transport.start();
  opened.add('the event transport', () => transport.stop());

  front.open(gateway);
  let stopping: Promise<void> | undefined;
  return {
    url: front.url,
    modules,
    dataLocation: databases.location,
    failed: databases.failed,
    stop: () => (stopping ??= drain(front, modules, opened, configuration.shutdownTimeout)),
  };
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

/** Requests first, as they make deliveries; then the deliveries; then everything is closed. */
async function drain(front: HttpFront, modules: readonly RunningModule[], opened: Opened, timeout: number): Promise<void> {
  const deadline = Date.now() + timeout;
  await front.close(timeout);
  await Promise.all(modules.map(({ messaging }) => messaging.drain(deadline)));
  await opened.closeAll();
}
