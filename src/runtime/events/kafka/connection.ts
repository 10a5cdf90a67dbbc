// ADR 0063
import type { Base, BaseOptions } from '@platformatic/kafka';
import type { Logger } from '#platform/logger.ts';
import { within } from '../../within.ts';
import type { BrokerAddress } from './broker-address.ts';
import { reasonOf } from './failure.ts';

/** Milliseconds. A broker that does not answer so long is taken for one that is gone. */
const [connectTimeout, requestTimeout] = [5_000, 30_000];
/** Milliseconds. */
const closeTimeout = 2_000;

/**
 * Options that every client needs to connect. It tries a few times, quickly; its user decides what to try for ever. Some
 * questions a client asks only of the first broker that lets it in, alive or not, so each new client has another first one.
 */
export const clientOptions = ({ brokers, tls, credentials }: BrokerAddress, clientId: string): BaseOptions => ({
  clientId,
  bootstrapBrokers: brokers
    .map(({ host, port }) => ({ host, port, rank: Math.random() }))
    .sort((one, other) => one.rank - other.rank)
    .map(({ host, port }) => ({ host, port })),
  connectTimeout,
  requestTimeout,
  retries: 3,
  retryDelay: 100,
  ...(tls && { tls: {} }),
  ...(credentials && { sasl: { ...credentials } }),
});

/** Closes a client at once. By itself it would send all it has first, and a broker that hangs does not take it. */
export async function cut(client: Base): Promise<void> {
  for (const [, connection] of client.connections) connection.socket?.destroy();
  await within(
    closeTimeout,
    client.close().catch(() => {}),
    () => {},
  );
}

/**
 * Tells whether the cluster does what is asked of it. Each user says when it fails and when it works again; a
 * failure that lasts is told once, as is its end.
 */
export class Connection {
  readonly #name: string;
  readonly #logger: Logger;
  readonly #failing = new Set<object>();

  constructor(name: string, logger: Logger) {
    this.#name = name;
    this.#logger = logger;
  }

  get connected(): boolean {
    return this.#failing.size === 0;
  }

  failed(user: object, error: unknown): void {
    if (this.connected) this.#logger.warn(`Lost Kafka at ${this.#name}; events wait.`, { error: reasonOf(error) });
    this.#failing.add(user);
  }

  works(user: object): void {
    if (this.#failing.delete(user) && this.connected)
      this.#logger.info(`Kafka at ${this.#name} is back; events go on.`);
  }
}
