/** What carries the events of this process: its own memory, or a broker between processes. */
import { MemoryTransport } from '#platform/events/memory-transport.ts';
import type { Transport } from '#platform/events/transport.ts';
import type { ModuleDefinition } from '#platform/module.ts';
import type { Logger } from '#platform/observability/logger.ts';
import type { Metrics } from '#platform/observability/metrics.ts';
import { StartupError } from './startup-error.ts';

interface Options {
  readonly eventsUrl: string | undefined;
  /** Of every process: a queue is there for each of their reactions before anything is published. */
  readonly everyModule: readonly ModuleDefinition[];
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface EventTransport {
  readonly transport: Transport;
  /** For readers of `/readyz`. Events wait while the broker is away, so that is no reason to be less ready. */
  readonly details: Readonly<Record<string, () => unknown>>;
}

export async function eventTransport({ eventsUrl, everyModule, logger, metrics }: Options): Promise<EventTransport> {
  if (eventsUrl === undefined) return { transport: new MemoryTransport(), details: {} };
  const { RabbitmqTransport } = await import('#platform/events/rabbitmq-transport.ts');
  const subscriptions = everyModule.flatMap(({ name, reactions }) =>
    Object.entries(reactions).map(([reaction, { event }]) => ({ name: `${name}.${reaction}`, event })),
  );
  const transport = new RabbitmqTransport({ url: eventsUrl, subscriptions, logger, metrics });
  return { transport, details: { broker: () => (transport.connected ? 'connected' : 'away') } };
}

/** Without its broker a process does not start: its line says what to do. */
export async function startTransport(transport: Transport): Promise<void> {
  try {
    await transport.start();
  } catch (error) {
    throw new StartupError((error as Error).message, { cause: error });
  }
}

/** A module left out misses the events of those here: the person who left it out should know. */
export function warnOfUnheard(here: readonly ModuleDefinition[], transport: Transport, logger: Logger): void {
  if (transport.reachesOtherProcesses) return;
  for (const { name, reactions } of here) {
    for (const { event } of Object.values(reactions)) {
      if (here.some((module) => module.name === event.module)) continue;
      logger.warn(`${name} reacts to ${event.name}, but ${event.module} does not run here: the event will not arrive.`);
    }
  }
}
