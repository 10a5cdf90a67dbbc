export interface BroadcastListener {
  readonly hear: (message: string) => void;
  /** Some may have been missed. */
  readonly miss?: (() => void) | undefined;
}

/** Who in this process listens to what is told to all processes. */
export class BroadcastListeners {
  readonly #byTopic = new Map<string, BroadcastListener[]>();

  add(topic: string, listener: BroadcastListener): void {
    const listeners = this.#byTopic.get(topic);
    if (listeners) listeners.push(listener);
    else this.#byTopic.set(topic, [listener]);
  }

  tell(topic: string, message: string): void {
    for (const { hear } of this.#byTopic.get(topic) ?? []) hear(message);
  }

  tellOfGap(): void {
    for (const { miss } of [...this.#byTopic.values()].flat()) miss?.();
  }
}
