/** Connects the modules of this process with their databases, with each other and with the gateway, and sets them going. */
import { moduleOf } from '#platform/contract.ts';
import { Failure } from '#platform/errors.ts';
import { MemoryTransport } from '#platform/events/memory-transport.ts';
import type { Transport } from '#platform/events/transport.ts';
import type { RpcServer } from '#platform/grpc/rpc-server.ts';
import type { ModuleDefinition } from '#platform/module.ts';
import type { Logger } from '#platform/observability/logger.ts';
import { Metrics } from '#platform/observability/metrics.ts';
import { TokenVerifier } from '#platform/security/token-verifier.ts';
import { createApp, type GatewayApp } from '../gateway/app.ts';
import type { Configuration } from './configuration.ts';
import type { OpenDatabase } from './databases.ts';
import { Elsewhere, protoOf } from './elsewhere.ts';
import { assemble, type RunningModule } from './module-assembly.ts';
import { checkNeeds } from './modules.ts';
import type { Opened } from './opened.ts';
import type { ProgramOptions } from './program-options.ts';
import { StartupError } from './startup-error.ts';
import { authenticatorOf } from './trust.ts';
import { version } from './version.ts';

interface CompositionOptions extends ProgramOptions {
  readonly configuration: Configuration;
  /** The modules of this process. */
  readonly definitions: readonly ModuleDefinition[];
  /** Those of other processes. */
  readonly elsewhere: readonly ModuleDefinition[];
  /** Whether requests for modules elsewhere come in here. */
  readonly isGateway: boolean;
  readonly databases: ReadonlyMap<string, OpenDatabase>;
}

export interface Composition {
  readonly gateway: GatewayApp;
  readonly modules: readonly RunningModule[];
  /** Where other processes call the modules of this one. */
  readonly rpc: RpcServer | undefined;
}

export async function compose(options: CompositionOptions, opened: Opened): Promise<Composition> {
  const { environment, configuration, definitions, elsewhere, databases, logger, announce } = options;
  const metrics = new Metrics();
  metrics.watchProcess();
  const others = await Elsewhere.reach({ environment, configuration, logger, metrics, modules: elsewhere }, opened);
  const remoteClient = options.remoteClient ?? others.clientOf;
  const here = new Set(definitions.map(({ name }) => name));
  checkNeeds(definitions, (api) => here.has(moduleOf(api)) || remoteClient(api) !== undefined);

  const transport = await transportOf(options, metrics);
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
  const authenticator = authenticatorOf({
    running: modules,
    elsewhere,
    clientOf: remoteClient,
    transport,
    configuration,
    given: options.authenticator,
  });
  opened.add('the event transport', () => transport.stop());
  await startTransport(transport);

  for (const module of modules) await runStartHooks(module, configuration, announce);

  const verifier = new TokenVerifier({
    authenticator,
    issuer: configuration.tokenIssuer,
    audience: configuration.tokenAudience,
  });
  const checks = Object.fromEntries(modules.map(({ definition, database }) => [`database ${definition.name}`, database.ping]));
  const gateway = createApp({
    modules: modules.map(({ definition, client, database }) => ({
      name: definition.name,
      endpoints: definition.endpoints,
      client,
      database: database.database,
    })),
    upstreams: options.isGateway ? others.upstreams : [],
    verifier,
    logger,
    metrics,
    checks,
    details: others.breakers,
    settings: configuration,
    version,
  });

  warnOfUnheard(definitions, transport, logger);
  await startMessaging(modules, opened);
  const rpc = await openToPeers(options, { modules, others, verifier, metrics, checks }, opened);
  return { gateway, modules, rpc };
}

/** Events between processes need a broker; within this one they need nothing. */
async function transportOf(
  { configuration, definitions, elsewhere, logger }: CompositionOptions,
  metrics: Metrics,
): Promise<Transport> {
  const { eventsUrl } = configuration;
  if (eventsUrl === undefined) return new MemoryTransport();
  const subscriptions = [...definitions, ...elsewhere].flatMap(({ name, reactions }) =>
    Object.entries(reactions).map(([reaction, { event }]) => ({ name: `${name}.${reaction}`, event })),
  );
  const { RabbitmqTransport } = await import('#platform/events/rabbitmq-transport.ts');
  return new RabbitmqTransport({ url: eventsUrl, subscriptions, logger, metrics });
}

async function startTransport(transport: Transport): Promise<void> {
  try {
    await transport.start();
  } catch (error) {
    throw new StartupError((error as Error).message, { cause: error });
  }
}

interface Served {
  readonly modules: readonly RunningModule[];
  readonly others: Elsewhere;
  readonly verifier: TokenVerifier;
  readonly metrics: Metrics;
  readonly checks: Readonly<Record<string, () => Promise<unknown>>>;
}

/** A module accepts calls from those that declare that they need it, and what trusting tokens takes from everybody. */
async function openToPeers(
  { configuration, definitions, elsewhere, logger }: CompositionOptions,
  { modules, others, verifier, metrics, checks }: Served,
  opened: Opened,
): Promise<RpcServer | undefined> {
  const { grpcPort: port, host } = configuration;
  if (port === undefined) return undefined;
  const { RpcServer } = await import('#platform/grpc/rpc-server.ts');
  const everyModule = [...definitions, ...elsewhere];
  const listening = RpcServer.listen({
    host,
    port,
    apis: modules.map(({ definition: { name, offers, authenticates }, handlerOf }) => ({
      api: offers,
      proto: protoOf(name),
      handlerOf,
      callers: everyModule.filter(({ needs }) => needs.includes(offers)).map((caller) => caller.name),
      openToPeers: authenticates ? [authenticates.keys, authenticates.session] : [],
    })),
    certificates: others.certificates,
    verifier,
    logger,
    metrics,
    health: async () => {
      const outcomes = await Promise.allSettled(Object.values(checks).map((check) => check()));
      return outcomes.every(({ status }) => status === 'fulfilled');
    },
  });
  const rpc = await listening.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new StartupError(`Port ${port} on ${host} is taken. Stop what uses it, or choose another with GRPC_PORT.`, { cause: error });
  });
  opened.add('the gRPC server', () => rpc.close(0));
  return rpc;
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
