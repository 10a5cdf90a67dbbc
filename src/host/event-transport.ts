/** The transport of this process's events: its own memory, or a broker between processes. */
import { MemoryTransport } from '#runtime/events/memory/memory-transport.ts';
import type { KafkaOptions } from '#runtime/events/kafka/kafka-transport.ts';
import type { RabbitmqOptions } from '#runtime/events/rabbitmq/rabbitmq-transport.ts';
import type { Subscription, Transport } from '#runtime/events/transport.ts';
import type { ModuleDefinition, ReactionBinding } from '#platform/module.ts';
import type { Logger } from '#platform/logger.ts';
import type { Metrics } from '#runtime/observability/metrics.ts';
import { brokerOf } from './brokers.ts';
import { type Configuration, moduleVariable } from './configuration.ts';
import type { Environment } from './environment.ts';
import { StartupError } from './startup-error.ts';

interface Options {
  readonly configuration: Pick<Configuration, 'eventsUrl' | 'instance'>;
  /** Names of the modules of this process. */
  readonly modules: readonly string[];
  /** Modules of every process: a queue is there for each of their reactions before anything is published. */
  readonly everyModule: readonly ModuleDefinition[];
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface EventTransport {
  readonly transport: Transport;
  /** For readers of `/readyz`. Events wait while the broker is away, so that is no reason to be less ready. */
  readonly details: Readonly<Record<string, () => unknown>>;
}

export async function eventTransport({
  configuration: { eventsUrl, instance },
  modules,
  everyModule,
  logger,
  metrics,
}: Options): Promise<EventTransport> {
  const subscriptions = everyModule.flatMap(subscriptionsOf);
  if (eventsUrl === undefined) return { transport: new MemoryTransport(subscriptions), details: {} };
  const options = { url: eventsUrl, subscriptions, modules, logger, metrics };
  const transport =
    brokerOf(eventsUrl).kind === 'Kafka' ? await kafka({ ...options, instance }) : await rabbitmq(options);
  return { transport, details: { broker: () => (transport.connected ? 'connected' : 'away') } };
}

async function rabbitmq(options: RabbitmqOptions) {
  const { RabbitmqTransport } = await import('#runtime/events/rabbitmq/rabbitmq-transport.ts');
  return new RabbitmqTransport(options);
}

async function kafka(options: KafkaOptions) {
  const { KafkaTransport } = await import('#runtime/events/kafka/kafka-transport.ts');
  return new KafkaTransport(options);
}

/** Without its broker a process does not start: its line says what to do. */
export async function startTransport(transport: Transport): Promise<void> {
  try {
    await transport.start();
  } catch (error) {
    throw new StartupError((error as Error).message, { cause: error });
  }
}

export const subscriptionOf = (module: string, reaction: string, { event, from }: ReactionBinding): Subscription => ({
  name: `${module}.${reaction}`,
  event,
  ...(from && { from }),
});

export const subscriptionsOf = ({ name, reactions }: ModuleDefinition): readonly Subscription[] =>
  Object.entries(reactions).map(([reaction, binding]) => subscriptionOf(name, reaction, binding));

interface Parts {
  readonly here: readonly ModuleDefinition[];
  readonly elsewhere: readonly ModuleDefinition[];
}

/** A sentence for each event that would have to go from a process to another one. */
const crossings = ({ here, elsewhere }: Parts): string[] =>
  [
    [here, elsewhere],
    [elsewhere, here],
  ].flatMap(([announcing, reacting]) =>
    reacting!.flatMap(({ name, reactions }) =>
      Object.values(reactions)
        .filter(({ event }) => announcing!.some((module) => module.name === event.module))
        .map(({ event }) => `${name} reacts to ${event.name}`),
    ),
  );

/** Refuses a process that is part of a split, by what its settings say of other processes, and has no broker to reach them. */
export function requireBroker(parts: Parts, { grpcPort, eventsUrl }: Configuration, environment: Environment): void {
  const saysSo = [
    ...parts.elsewhere
      .flatMap(({ name }) => [moduleVariable(name, 'URL'), moduleVariable(name, 'HTTP_URL')])
      .filter((variable) => environment[variable]),
    ...(grpcPort === undefined ? [] : ['GRPC_PORT']),
  ];
  const [crossing] = crossings(parts);
  if (eventsUrl !== undefined || crossing === undefined || saysSo.length === 0) return;
  throw new StartupError(
    `Modules run in other processes (${saysSo.join(', ')}), and no event would get there: ${crossing}. Set EVENTS_URL to the broker of all processes.`,
  );
}

/** Refuses reactions that begin with history where the transport keeps none. */
export function requireHistory(modules: readonly ModuleDefinition[], { eventsUrl }: Pick<Configuration, 'eventsUrl'>) {
  const broker = eventsUrl === undefined ? undefined : brokerOf(eventsUrl);
  if (broker?.keepsHistory) return;
  const reaction = modules.flatMap(subscriptionsOf).find(({ from }) => from === 'earliest');
  if (reaction === undefined) return;
  const transport = broker?.kind ?? 'memory, which carries events without EVENTS_URL,';
  throw new StartupError(
    `${reaction.name} begins with the earliest events there are (from: 'earliest'), and ${transport} keeps none. Set EVENTS_URL to a Kafka, or have the reaction do without: from: 'earliest-if-kept'.`,
  );
}

/** Events wait in the outbox for modules that were left out: the person who left them out should know. */
export function warnOfWaiting(parts: Parts, transport: Transport, logger: Logger): void {
  if (transport.reachesOtherProcesses) return;
  for (const crossing of crossings(parts)) {
    logger.warn(
      `${crossing}, and not both run here: the event waits in the outbox until both do, or EVENTS_URL names a broker.`,
    );
  }
}
