/**
 * A histogram for hot paths. Recording is a short scan and two additions on a flat array, a few nanoseconds;
 * prom-client's own `observe` hashes its labels on every call and costs a hundred times that. The registry reads
 * the arrays when it is scraped.
 */
import type { Metric } from 'prom-client';
import type { Trace } from '#platform/context.ts';

/** In milliseconds, which is what is measured; Prometheus gets seconds. */
const bounds = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, Infinity];
const boundLabels = bounds.map((bound) => (bound === Infinity ? '+Inf' : String(bound / 1_000)));

export type Labels = Readonly<Record<string, string>>;

/** Names attributes as Prometheus does. */
export const asLabels = (attributes: Labels): Labels =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name.replaceAll(/\W/g, '_'), value]));

/** The way from a bucket to the trace of something that fell into it. */
interface Exemplar {
  readonly labelSet: Labels;
  /** Seconds, as are those of its time since 1970. */
  readonly value: number;
  readonly timestamp: number;
}

/** The durations of one combination of labels. */
export class Timing {
  readonly labels: Labels;
  /** A count for each bound, and the sum behind them. */
  readonly #cells = new Float64Array(bounds.length + 1);
  /** The last of each bound; made when there is a first. */
  #exemplars: Exemplar[] | undefined;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  /** `span`: the recorded span that took so long, if there is one. */
  record(milliseconds: number, span?: Pick<Trace, 'traceId' | 'spanId'>): void {
    let index = 0;
    while (milliseconds > bounds[index]!) index++;
    this.#cells[index]! += 1;
    this.#cells[bounds.length]! += milliseconds;
    if (span) this.#remember(index, milliseconds, span);
  }

  #remember(index: number, milliseconds: number, { traceId, spanId }: Pick<Trace, 'traceId' | 'spanId'>): void {
    this.#exemplars ??= Array.from({ length: bounds.length });
    const labelSet = { trace_id: traceId, span_id: spanId };
    this.#exemplars[index] = { labelSet, value: milliseconds / 1_000, timestamp: Date.now() / 1_000 };
  }

  samples(name: string) {
    let count = 0;
    const buckets = boundLabels.map((le, index) => {
      count += this.#cells[index]!;
      const exemplar = this.#exemplars?.[index];
      return {
        metricName: `${name}_bucket`,
        labels: { ...this.labels, le },
        value: count,
        ...(exemplar && { exemplar }),
      };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: this.labels, value: this.#cells[bounds.length]! / 1_000 },
      { metricName: `${name}_count`, labels: this.labels, value: count },
    ];
  }
}

/** All the timings of one name; a prom-client metric by shape. */
export class Timings {
  readonly name: string;
  readonly type = 'histogram';
  readonly #help: string;
  readonly #all = new Map<string, Timing>();
  readonly #kept: (() => Iterable<Timing>)[] = [];

  constructor(name: string, help: string) {
    this.name = name;
    this.#help = help;
  }

  /** The same labels give the same timing; hot paths keep it. */
  of(labels: Labels): Timing {
    const key = JSON.stringify(labels);
    const timing = this.#all.get(key) ?? new Timing(labels);
    this.#all.set(key, timing);
    return timing;
  }

  /** Shows what somebody else keeps as well. */
  show(kept: () => Iterable<Timing>): void {
    this.#kept.push(kept);
  }

  get() {
    const all = [...this.#all.values(), ...this.#kept.flatMap((kept) => [...kept()])];
    return {
      name: this.name,
      help: this.#help,
      type: this.type,
      aggregator: 'sum',
      values: all.flatMap((timing) => timing.samples(this.name)),
    };
  }

  asMetric(): Metric {
    return this as unknown as Metric;
  }
}
