/** Connects the modules of this process with their databases, with each other and with the gateway, and sets them going. */
import { ClockWatch } from '#runtime/database/clock-watch.ts';
import { Failure } from '#platform/errors.ts';
import type { RpcServer } from '#runtime/grpc/rpc-server.ts';
import type { ModuleDefinition } from '#platform/module.ts';
import { auditClient } from '#runtime/audit/audit-endpoints.ts';
import { Metrics } from '#runtime/observability/metrics.ts';
import { watchRequestsOut } from '#runtime/observability/requests-out.ts';
import { TokenVerifier } from '#runtime/security/token-verifier.ts';
import { AuditLog } from '#runtime/audit/audit-log.ts';
import { createGateway, type Gateway } from '../gateway/gateway.ts';
import type { RedisCounts } from '../gateway/redis-counts.ts';
import type { Configuration } from './configuration.ts';
import type { OpenDatabase } from './databases.ts';
import { Elsewhere } from './elsewhere.ts';
import { eventTransport, startTransport, warnOfWaiting } from './event-transport.ts';
import type { Identity } from './identity.ts';
import { postmanOf, shownMails } from './mail.ts';
import { assemble, partsOf, type RunningModule } from './module-assembly.ts';
import type { Opened } from './opened.ts';
import type { ProgramOptions } from './program-options.ts';
import { processAttributes } from './process-attributes.ts';
import { withVariable } from './reason.ts';
import { tracingOf } from './tracing.ts';
import { StartupError } from './startup-error.ts';
import { authenticatorOf } from './trust.ts';
import { version } from './version.ts';

interface CompositionOptions extends ProgramOptions {
  readonly configuration: Configuration;
  /** The modules of this process. */
  readonly definitions: readonly ModuleDefinition[];
  /** Modules that run in other processes. */
  readonly elsewhere: readonly ModuleDefinition[];
  /** Tells whether requests for modules elsewhere come in here. */
  readonly isGateway: boolean;
  readonly identity: Identity;
  readonly databases: ReadonlyMap<string, OpenDatabase>;
}

export interface Composition {
  readonly gateway: Gateway;
  readonly modules: readonly RunningModule[];
  /** Where other processes call the modules of this one. */
  readonly rpc: RpcServer | undefined;
}

export async function compose(options: CompositionOptions, opened: Opened): Promise<Composition> {
  const { environment, configuration, identity, definitions, elsewhere, databases, logger, announce } = options;
  const parts = { here: definitions, elsewhere };
  const metrics = new Metrics();
  metrics.watchProcess();
  metrics.watchCertificates(identity.shown);
  metrics.identify(await processAttributes(configuration));
  opened.add('the look at requests to others', watchRequestsOut(metrics));
  const tracing = await tracingOf({ configuration, logger, metrics }, opened);
  const others = await Elsewhere.reach(
    { environment, identity, logger, metrics, callers: definitions, modules: elsewhere },
    opened,
  );
  const remoteClient = (module: string, caller: string) =>
    options.remoteClient?.(module) ?? others.clientOf(module, caller);

  const everyModule = [...definitions, ...elsewhere];
  const { transport, details } = await eventTransport({
    configuration,
    modules: definitions.map(({ name }) => name),
    everyModule,
    logger,
    metrics,
  });
  const modules = assemble({
    environment,
    modules: definitions,
    everyModule,
    databases,
    transport,
    postman: await postmanOf(options, opened),
    logger,
    metrics,
    tracing,
    remoteClient,
    wire: configuration.wire,
  });
  // Here, and not at the first call or delivery, it shows that something cannot be made.
  for (const { definition, container } of modules)
    for (const [, provided] of partsOf(definition)) container.resolve(provided);
  const authenticator = authenticatorOf({
    running: modules,
    elsewhere,
    clientOf: remoteClient,
    transport,
    configuration,
    given: options.authenticator,
    announce,
  });
  opened.add('the event transport', () => transport.stop());
  await startTransport(transport);
  // Before anything is stored: what is missing here would refuse a first start halfway.
  const sharedCounts = await sharedCountsOf(options, opened);

  for (const module of modules) await runStartHooks(module, configuration, announce);

  const verifier = new TokenVerifier({
    authenticator,
    // Logins by the API are signed as TOKEN_ISSUER's, those of OpenID Connect as its issuer's, both with the same keys.
    issuers: [configuration.tokenIssuer, configuration.publicUrl],
    audience: configuration.tokenAudience,
  });
  const checks = Object.fromEntries(
    modules.map(({ definition, database }) => [`database ${definition.name}`, database.ping]),
  );
  const clocks = await watchClocks(modules, options, metrics, opened);
  const gateway = createGateway({
    modules: modules.map(({ definition, client, database, container }) => ({
      name: definition.name,
      endpoints: definition.endpoints,
      sites: definition.sites.map((site) => ({ paths: site.paths, handle: container.make(site) })),
      client: { ...client, ...auditClient(new AuditLog(database.database)) },
      database: database.database,
    })),
    upstreams: options.isGateway ? others.upstreams : [],
    verifier,
    logger,
    metrics,
    tracing,
    queueTime: () =>
      Math.max(
        0,
        ...modules.flatMap(({ database: { database }, messaging }) => [database.longestWait, messaging.longestWait]),
      ),
    sagasUnderWay: () => modules.reduce((sum, { messaging }) => sum + messaging.sagasUnderWay, 0),
    checks,
    details: { ...details, ...others.breakers, ...clocks },
    sharedCounts,
    managedApart: options.isGateway && configuration.management !== undefined,
    servesGateway: !options.isGateway,
    logLevels: logger.levels,
    behindGateway: !options.isGateway && typeof configuration.peerTls === 'object',
    keptMails: shownMails(configuration, options.isGateway),
    settings: configuration,
    documented: {
      modules: options.isGateway ? everyModule : definitions,
      wire: transport.wire,
      version,
      publicUrl: configuration.publicUrl,
    },
  });

  opened.add('the connections to modules elsewhere', () => gateway.close());

  warnOfWaiting(parts, transport, logger);
  await startMessaging(modules, opened);
  const { grpcPort: port, host } = configuration;
  if (port === undefined) return { gateway, modules, rpc: undefined };
  const { openToPeers } = await import('./rpc.ts');
  const rpc = await openToPeers({
    host,
    port,
    modules,
    everyModule,
    identity,
    verifier,
    logger,
    metrics,
    tracing,
    checks: Object.values(checks),
  });
  opened.add('the gRPC server', () => rpc.close(0));
  return { gateway, modules, rpc };
}

/** Adds the clocks to `/readyz`: by how many seconds this machine is ahead of each database. */
async function watchClocks(
  modules: readonly RunningModule[],
  { logger }: CompositionOptions,
  metrics: Metrics,
  opened: Opened,
): Promise<Record<string, () => unknown>> {
  const told = await Promise.all(
    modules.map(async ({ definition: { name }, database }) => {
      const watch = new ClockWatch(database.database, name, logger);
      opened.add(`the look at the clock of ${name}'s database`, () => watch.stop());
      await watch.start();
      metrics.watchClock(name, () => watch.ahead);
      return [`clock of the database of ${name}`, () => ({ secondsAhead: watch.ahead })] as const;
    }),
  );
  return Object.fromEntries(told);
}

/** Gateways that are several count requests together. */
async function sharedCountsOf(
  { configuration, logger }: CompositionOptions,
  opened: Opened,
): Promise<RedisCounts | undefined> {
  if (configuration.redisUrl === undefined) return undefined;
  const { connectSharedCounts } = await import('./shared-counts.ts');
  const counts = await connectSharedCounts(configuration.redisUrl, logger);
  opened.add('the shared counts', () => counts.close());
  return counts;
}

/** All at once, and every one to its end even if another one fails. */
async function startMessaging(modules: readonly RunningModule[], opened: Opened): Promise<void> {
  const starts = modules.map(({ definition, messaging, database }) => {
    opened.add(`the messaging of ${definition.name}`, () => messaging.stop());
    return withVariable(database.variable, () => messaging.start());
  });
  await Promise.allSettled(starts);
  await Promise.all(starts);
}

/** A module's refusal to start is about somebody's setting: one line for them. */
async function runStartHooks(
  { definition, container, database }: RunningModule,
  { seed }: Configuration,
  announce: (line: string) => void,
): Promise<void> {
  for (const hook of definition.starts) {
    try {
      await withVariable(database.variable, async () => container.make(hook)({ seed, announce }));
    } catch (error) {
      throw error instanceof Failure ? new StartupError(error.message, { cause: error }) : error;
    }
  }
}
