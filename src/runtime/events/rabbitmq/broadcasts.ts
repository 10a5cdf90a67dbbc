import { randomUUID } from 'node:crypto';
import type { Channel, ConsumeMessage } from 'amqplib';
import type { Logger } from '#platform/logger.ts';
import { BroadcastListeners } from '../broadcast-listeners.ts';
import type { Lose } from './link.ts';
import type { Topology } from './topology.ts';

/** Instead of a topic: the sender was away, and what it said then reached nobody. */
const gap = '';

/** Messages to all processes: each has a queue that lives as long as its connection. */
export class Broadcasts {
  readonly #topology: Topology;
  readonly #logger: Logger;
  readonly #listeners = new BroadcastListeners();
  /** Broadcasts of this process come back to it, and it has heard them already. */
  readonly #self = randomUUID();
  #sender: Channel | undefined;
  #wasSending = false;
  #wasListening = false;

  constructor(topology: Topology, logger: Logger) {
    this.#topology = topology;
    this.#logger = logger;
  }

  listen(topic: string, hear: (message: string) => void, miss: (() => void) | undefined): void {
    this.#listeners.add(topic, { hear, miss });
  }

  tell(topic: string, message: string): void {
    this.#listeners.tell(topic, message);
    this.#send(topic, message);
  }

  attachSender(channel: Channel): void {
    this.#sender = channel;
    if (this.#wasSending) this.#send(gap, '');
    this.#wasSending = true;
  }

  detachSender(): void {
    this.#sender = undefined;
  }

  async attachListener(channel: Channel, lose: Lose): Promise<void> {
    const { queue } = await channel.assertQueue('', { exclusive: true, autoDelete: true });
    await channel.bindQueue(queue, this.#topology.broadcasts, '');
    const hear = (message: ConsumeMessage | null) => {
      if (message) this.#hear(message);
      else lose(new Error('The queue for broadcasts was deleted.'));
    };
    await channel.consume(queue, hear, { noAck: true });
    if (this.#wasListening) this.#guarded(() => this.#listeners.tellOfGap());
    this.#wasListening = true;
  }

  #send(topic: string, message: string): void {
    this.#sender?.publish(this.#topology.broadcasts, topic, Buffer.from(message), { appId: this.#self });
  }

  #hear({ fields, properties, content }: ConsumeMessage): void {
    if (properties.appId === this.#self) return;
    const { routingKey } = fields;
    this.#guarded(() => {
      if (routingKey === gap) this.#listeners.tellOfGap();
      else this.#listeners.tell(routingKey, content.toString());
    });
  }

  /** An exception would be taken for a broken channel. */
  #guarded(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#logger.error('A listener to broadcasts failed.', { error });
    }
  }
}
