/** Counts the events that modules announce, and what they have declared to be counted of them. */
import type { EventDefinition } from '#platform/contract.ts';
import type { EventCount } from '#platform/counts.ts';
import type { MetricRegistry } from './registry.ts';
import type { Labels } from './timings.ts';

/** Combinations of labels that one counter keeps apart. */
const mostSeries = 100;

type Announced = Pick<EventDefinition, 'name' | 'version'>;

export class EventCounts {
  readonly #metrics: MetricRegistry;
  readonly #byEvent = new Map<string, number>();
  readonly #declared = new Map<string, Series[]>();

  constructor(metrics: MetricRegistry) {
    this.#metrics = metrics;
    const counts = this.#byEvent;
    metrics.counted('fissile_events_total', 'Events that were announced.', ['messaging_destination_name'])(
      function* () {
        for (const [event, count] of counts) yield [{ messaging_destination_name: event }, count];
      },
    );
  }

  declare(counts: Readonly<Record<string, EventCount>>): void {
    for (const [name, count] of Object.entries(counts)) {
      const { name: event, version } = count.event;
      const series = new Series(count);
      const key = `${event} ${version}`;
      this.#declared.set(key, [...(this.#declared.get(key) ?? []), series]);
      if (!this.#byEvent.has(event)) this.#byEvent.set(event, 0);
      this.#metrics.show({ name, help: count.help, type: 'counter', samples: () => series.samples });
    }
  }

  announced({ name, version }: Announced, payload: unknown): void {
    this.#byEvent.set(name, (this.#byEvent.get(name) ?? 0) + 1);
    for (const series of this.#declared.get(`${name} ${version}`) ?? []) series.add(payload);
  }
}

/** One declared counter. */
class Series {
  readonly #count: EventCount;
  readonly #values = new Map<string, { readonly labels: Labels; value: number }>();

  constructor(count: EventCount) {
    this.#count = count;
    if (!count.labels) this.#valueOf({});
  }

  get samples() {
    return [...this.#values.values()];
  }

  add(payload: unknown): void {
    const { by, labels } = this.#count;
    this.#valueOf(labels?.(payload as never) ?? {}).value += by?.(payload as never) ?? 1;
  }

  #valueOf(labels: Labels): { value: number } {
    const kept = this.#values.size < mostSeries ? labels : others(labels);
    const found = this.#values.get(JSON.stringify(labels)) ?? this.#values.get(JSON.stringify(kept));
    if (found) return found;
    const value = { labels: kept, value: 0 };
    this.#values.set(JSON.stringify(kept), value);
    return value;
  }
}

const others = (labels: Labels): Labels => Object.fromEntries(Object.keys(labels).map((name) => [name, '_OTHER']));
