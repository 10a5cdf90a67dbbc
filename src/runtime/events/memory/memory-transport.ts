import eventemitter2 from 'eventemitter2';
import { BroadcastListeners } from '../broadcast-listeners.ts';
import type { Envelope } from '../envelope.ts';
import { type Receiver, type Subscription, Transport } from '../transport.ts';

/** Within one process: an event is safe when the inbox of every subscriber has it. */
export class MemoryTransport extends Transport {
  readonly system = 'memory';
  readonly reachesOtherProcesses = false;
  readonly #everySubscription: readonly Subscription[];
  readonly #here = new Set<string>();
  readonly #emitter = new eventemitter2.EventEmitter2({ maxListeners: 0 });
  readonly #listeners = new BroadcastListeners();
  #stopped = false;

  /** `subscriptions` of every module there is. */
  constructor(subscriptions: readonly Subscription[] = []) {
    super();
    this.#everySubscription = subscriptions;
  }

  override get unreached(): readonly string[] {
    return this.#everySubscription.filter(({ name }) => !this.#here.has(name)).map(({ event }) => event.name);
  }

  subscribe({ name, event }: Subscription, receive: Receiver): void {
    this.#here.add(name);
    this.#emitter.on(event.name, receive);
  }

  async publish(envelope: Envelope): Promise<void> {
    if (this.#stopped) throw new Error('The transport was stopped.');
    await this.#emitter.emitAsync(envelope.name, envelope);
  }

  broadcast(topic: string, message: string): void {
    this.#listeners.tell(topic, message);
  }

  onBroadcast(topic: string, listener: (message: string) => void): void {
    this.#listeners.add(topic, { hear: listener });
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {
    this.#stopped = true;
  }
}
