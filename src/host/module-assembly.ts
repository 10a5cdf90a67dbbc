/** Gives each module its container and connects them: clients for what they need, messaging, and what the platform offers. */
import { Audit } from '#platform/audit.ts';
import { Clock, systemClock } from '#platform/clock.ts';
import { localCall, ownClient, type AnyHandler, type LocalCalls } from '#runtime/calls/local-client.ts';
import { overTheWire, type WireConditions } from '#runtime/calls/wire-mode.ts';
import type { Api, Call, Client, Operation } from '#platform/contract.ts';
import { Database } from '#platform/database.ts';
import { createMessaging, type Messaging } from '#runtime/messaging.ts';
import { Outbox } from '#platform/outbox.ts';
import type { Transport } from '#runtime/events/transport.ts';
import { IdempotencyKeys } from '#runtime/http/idempotency.ts';
import type { Postman } from '#runtime/mail/postman.ts';
import type { ModuleDefinition, Provided } from '#platform/module.ts';
import type { RootLogger } from '#runtime/observability/create-logger.ts';
import { Logger } from '#platform/logger.ts';
import { Mail } from '#platform/mail.ts';
import type { Metrics } from '#runtime/observability/metrics.ts';
import type { Tracing } from '#runtime/observability/spans.ts';
import { PersonalTraces } from '#platform/personal-traces.ts';
import { AuditLog } from '#runtime/audit/audit-log.ts';
import { personalTraces } from '#runtime/tables/personal-traces.ts';
import { Sagas } from '#platform/sagas.ts';
import { Scopes } from '#platform/scopes.ts';
import { Transaction } from '#platform/transaction.ts';
import { publicUrlIn } from './configuration.ts';
import { parseEnvironment, type Environment } from './environment.ts';
import { subscriptionOf } from './event-transport.ts';
import { ModuleContainer } from './container.ts';
import type { OpenDatabase } from './databases.ts';

export interface RunningModule {
  readonly definition: ModuleDefinition;
  readonly container: ModuleContainer;
  readonly database: OpenDatabase;
  readonly messaging: Messaging;
  /** Its own operations, as its endpoints call them. */
  readonly client: Client<Api>;
  /** The handler of one of its operations, for calls from other processes. */
  readonly handlerOf: (operation: Operation) => AnyHandler;
}

export interface AssemblyOptions {
  readonly environment: Environment;
  readonly modules: readonly ModuleDefinition[];
  /** All modules of the program, wherever they run. */
  readonly everyModule: readonly ModuleDefinition[];
  readonly databases: ReadonlyMap<string, OpenDatabase>;
  readonly transport: Transport;
  /** Without one, mails wait in their tables. */
  readonly postman?: Postman | undefined;
  readonly logger: RootLogger;
  readonly metrics: Metrics;
  readonly tracing?: Tracing | undefined;
  /** Serves a module that does not run here. */
  readonly remoteClient: (module: string, caller: string) => Client<Api> | undefined;
  /** Calls between modules go as over a network. */
  readonly wire: WireConditions | undefined;
}

export function assemble(options: AssemblyOptions): readonly RunningModule[] {
  const { modules, databases, metrics, wire } = options;
  const containers = new Map(modules.map(({ name }) => [name, new ModuleContainer(name)]));
  const definitions = new Map(modules.map((definition) => [definition.name, definition]));

  const handlers = new Map<Operation, AnyHandler>();
  /** Made on first use, when the containers of all modules are filled. */
  const handlerOf = (operation: Operation) => {
    const { module, name } = operation;
    const handler =
      handlers.get(operation) ??
      (containers.get(module)!.make(definitions.get(module)!.operations[name]!) as AnyHandler);
    handlers.set(operation, handler);
    return handler;
  };
  const callsBy = (caller: string, handler: LocalCalls['handlerOf'] = handlerOf): LocalCalls => ({
    handlerOf: handler,
    meterOf: (operation) => metrics.calls(caller, operation),
  });
  const foreignHandler: LocalCalls['handlerOf'] = wire
    ? (operation) => overTheWire(operation, handlerOf(operation), wire)
    : handlerOf;
  const callOf = (caller: string, operation: Operation): Call<Operation> =>
    containers.has(operation.module)
      ? localCall(operation, callsBy(caller, foreignHandler))
      : options.remoteClient(operation.module, caller)![operation.name]!;

  return modules.map((definition) => {
    const container = containers.get(definition.name)!;
    const database = databases.get(definition.name)!;
    const messaging = messagingOf(definition, container, database, options);
    metrics.watchPool(definition.name, database.database);
    metrics.countEvents(definition.counts);
    const { bind } = container;
    bind(Clock).toConstantValue(systemClock);
    bind(Logger).toConstantValue(options.logger.child(definition.name));
    bind(Database).toConstantValue(database.database);
    bind(Transaction).toConstantValue((work) => database.database.transaction(work));
    bind(Outbox).toConstantValue(messaging.outbox);
    bind(Audit).toConstantValue(new AuditLog(database.database));
    bind(PersonalTraces).toConstantValue(personalTraces(database.database));
    bind(Sagas).toConstantValue(messaging.sagas);
    bind(Mail).toConstantValue(messaging.mail);
    bind(Scopes).toConstantValue({ all: Object.assign({}, ...options.everyModule.map(({ scopes }) => scopes)) });
    const { settings } = definition;
    if (settings)
      container.provide(settings, () =>
        parseEnvironment(settings, { ...options.environment, PUBLIC_URL: publicUrlIn(options.environment) }),
      );
    // As its endpoints call them: what comes from outside is parsed.
    const { name, offers } = definition;
    for (const operation of Object.values(offers))
      container.provide(operation, () => ownClient(offers, callsBy(name))[operation.name]!);
    for (const operation of definition.needs) container.provide(operation, () => callOf(definition.name, operation));
    definition.ports(bind);
    for (const [user, provided] of partsOf(definition)) container.check(user, provided);
    return {
      definition,
      container,
      database,
      messaging,
      get client() {
        return ownClient(definition.offers, callsBy(definition.name));
      },
      handlerOf,
    };
  });
}

/** All that a module runs, each by what it is called in a message: `the operation placeOrder`. */
export function partsOf({
  operations,
  reactions,
  sagas,
  mails,
  schedules,
  starts,
  commands,
  sites,
}: ModuleDefinition): readonly (readonly [string, Provided<unknown>])[] {
  const named = (kind: string, parts: Readonly<Record<string, Provided<unknown>>>) =>
    Object.entries(parts).map(([name, part]) => [`the ${kind} ${name}`, part] as const);
  return [
    ...named('operation', operations),
    ...named('reaction', reactions),
    ...sagas.map((binding) => [`the saga ${binding.saga.name}`, binding] as const),
    ...mails.map((binding) => [`the mail ${binding.mail.name}`, binding] as const),
    ...named('schedule', schedules),
    ...starts.map((start) => [`the start hook ${start.factory.name}`, start] as const),
    ...named('command', commands),
    ...sites.map((site) => [`the site at ${site.paths[0]}`, site] as const),
  ];
}

function messagingOf(
  { name, reactions, sagas, mails, schedules }: ModuleDefinition,
  container: ModuleContainer,
  { database, connection }: OpenDatabase,
  { transport, postman, logger, metrics, tracing }: AssemblyOptions,
): Messaging {
  return createMessaging({
    module: name,
    database,
    connection,
    transport,
    reactions: Object.entries(reactions).map(([reaction, binding]) => ({
      ...subscriptionOf(name, reaction, binding),
      handle: () => container.make(binding),
    })),
    sagas: sagas.map((binding) => ({ saga: binding.saga, implementation: () => container.make(binding) })),
    mails: mails.map((binding) => ({ mail: binding.mail, compose: () => container.make(binding) })),
    postman,
    schedules: [
      ...Object.entries(schedules).map(([schedule, binding]) => ({
        name: `${name}.${schedule}`,
        every: binding.every,
        run: () => container.make(binding),
      })),
      {
        name: `${name}.prune-idempotency-keys`,
        every: 60 * 60_000,
        run: () => async () => void (await new IdempotencyKeys(database).prune()),
      },
      { name: `${name}.prune-audit-log`, every: 60 * 60_000, run: () => () => new AuditLog(database).prune() },
    ],
    logger: logger.child(name),
    metrics,
    tracing,
    clock: systemClock,
  });
}
