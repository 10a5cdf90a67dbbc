/** Metrics by name, and how a scrape gets them: in Prometheus' text format, or in OpenMetrics, which has exemplars. */
import { Counter, Gauge, type Metric, Registry } from 'prom-client';
import { within } from '../within.ts';
import { type Labels, Timings } from './timings.ts';

/** A scrape waits this long for what has to be asked of a database, and goes without it then. */
const patience = 2_000;

export type Awaitable<T> = T | Promise<T>;

export const { PROMETHEUS_CONTENT_TYPE: plain, OPENMETRICS_CONTENT_TYPE: openMetrics } = Registry;
export type Format = typeof plain | typeof openMetrics;

export class MetricRegistry {
  readonly #registry = new Registry();
  readonly #watched: Gauge[] = [];
  readonly #sources: (() => Promise<void>)[] = [];
  #collected: Promise<void> | undefined;

  /** In Prometheus' text format, if nothing else is asked for. */
  async text(format: Format = plain): Promise<string> {
    this.#collected ??= this.#collect().finally(() => (this.#collected = undefined));
    await this.#collected;
    return format === plain ? this.#registry.metrics() : this.#asOpenMetrics();
  }

  async #collect(): Promise<void> {
    for (const gauge of this.#watched) gauge.reset();
    const asked = Promise.allSettled(this.#sources.map((source) => source()));
    await within(patience, asked, () => {});
  }

  /** A registry of prom-client writes one format, and OpenMetrics in a way that renames the counters it writes. */
  #asOpenMetrics(): Promise<string> {
    const registry = new Registry<typeof openMetrics>();
    registry.setContentType(openMetrics);
    for (const metric of this.#registry.getMetricsAsArray() as unknown as readonly (Metric & { name: string })[]) {
      const name = metric.name.replace(/_total$/, '');
      const get = async () => ({ ...(await metric.get()), name });
      registry.registerMetric({ name, get } as unknown as Metric);
    }
    return registry.metrics();
  }

  /** `source` sets gauges at every scrape. What cannot be asked is missing from that scrape. */
  watch(source: () => Awaitable<void>): void {
    this.#sources.push(async () => source());
  }

  timings(name: string, help: string): Timings {
    const timings = new Timings(name, help);
    this.#registry.registerMetric(timings.asMetric());
    return timings;
  }

  counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  /** A counter whose labels are not known in advance. */
  show({
    name,
    help,
    type,
    samples,
  }: {
    name: string;
    help: string;
    type: 'counter';
    samples: () => readonly Sample[];
  }): void {
    const get = () => ({ name, help, type, aggregator: 'sum', values: samples() });
    this.#registry.registerMetric({ name, get } as unknown as Metric);
  }

  /** A counter of what is counted elsewhere: `counts` are read at every scrape. */
  counted(name: string, help: string, labelNames: string[] = []): (counts: Counts) => void {
    const sources: Counts[] = [];
    const collect = function (this: Counter) {
      this.reset();
      for (const counts of sources) for (const [labels, count] of counts()) this.inc(labels, count);
    };
    new Counter({ name, help, labelNames, registers: [this.#registry], collect });
    return (counts) => void sources.push(counts);
  }

  gauge(name: string, help: string, labelNames: string[] = []): Gauge {
    const gauge = new Gauge({ name, help, labelNames, registers: [this.#registry] });
    this.#watched.push(gauge);
    return gauge;
  }
}

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export type Counts = () => Iterable<readonly [Labels, number]>;
