/**
 * The program's metrics. One object per program with a registry of its own, so that several programs in one
 * process (as in tests) do not add up.
 */
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import { CallMeter, DeliveryMeter, RequestMeter, RpcMeter } from './meters.ts';
import { Timings } from './timings.ts';
import { within } from '../within.ts';

/** A scrape waits this long for what has to be asked of a database, and goes without it then. */
const patience = 2_000;

type Awaitable<T> = T | Promise<T>;
type Counts = Readonly<Record<string, number>>;

export interface PoolCounts {
  readonly open: number;
  readonly idle: number;
  /** Work that waits for a connection. */
  readonly waiting: number;
  /** How often no connection came free in time, since the start. */
  readonly refusals: number;
}

export type KeyConflict = 'in-use' | 'reused';

export interface BrokerCounts {
  readonly published: number;
  readonly confirmed: number;
  readonly unconfirmed: number;
  readonly redelivered: number;
  readonly connected: boolean;
}

export class Metrics {
  readonly registry = new Registry();
  /** Requests being answered now. */
  requestsInFlight = 0;

  readonly #requests = this.#timings('http_request_duration_seconds', 'HTTP requests by route and status.');
  readonly #calls = this.#timings('call_duration_seconds', 'How long calls of operations take, from a sample of them.');
  readonly #servedCalls = this.#timings(
    'rpc_duration_seconds',
    'Calls from other processes, by operation and outcome.',
  );
  readonly #deliveries = this.#timings(
    'event_delivery_seconds',
    'From the commit of an event to that of its reaction.',
  );
  readonly #deliveryFailures = this.#counter(
    'event_delivery_failures_total',
    'Failed tries to deliver an event: retried or dead.',
    ['subscription', 'outcome'],
  );
  readonly #stepRetries = this.#counter('saga_step_retries_total', 'Steps of sagas that have to be tried again.', [
    'saga',
    'step',
  ]);
  readonly #callMeters = new Map<string, CallMeter>();
  readonly #deliveryMeters = new Map<string, DeliveryMeter>();

  readonly #watched: Gauge[] = [];
  readonly #sources: (() => Promise<void>)[] = [];
  readonly #outboxPending = this.#gauge('outbox_pending', 'Events that are not delivered yet.', ['module']);
  readonly #outboxLag = this.#gauge('outbox_lag_seconds', 'Age of the oldest event that is not delivered.', ['module']);
  readonly #deadLetters = this.#gauge('dead_letters', 'Deliveries given up.', ['subscription']);
  readonly #sagas = this.#gauge('sagas', 'Sagas by state.', ['saga', 'state']);
  readonly #admissionShare = this.#gauge(
    'http_admission_refused_ratio',
    'The part of the requests that is refused because of overload, from 0 to 1.',
    [],
  );
  readonly #admissionRefusals = this.#counter(
    'http_admission_refusals_total',
    'Requests refused because of overload.',
    [],
  );
  readonly #pool = this.#gauge('database_pool_connections', 'Connections: idle or in use.', ['module', 'state']);
  readonly #poolWaiting = this.#gauge('database_pool_waiting', 'Work that waits for a connection.', ['module']);
  readonly #poolRefusals = this.#counter(
    'database_pool_refusals_total',
    'Work given up because no connection came free in time.',
    ['module'],
  );
  readonly #clockDifference = this.#gauge(
    'database_clock_difference_seconds',
    "By how much the clock of this machine is ahead of the database's.",
    ['module'],
  );
  readonly #ownershipLosses = this.#counter(
    'ownership_losses_total',
    'How often the session was lost that marks the work of this instance as its own.',
    ['module'],
  );
  readonly #keyConflicts = this.#counter(
    'idempotency_key_conflicts_total',
    'Requests refused because their key is in use or was used for another request.',
    ['module', 'reason'],
  );
  readonly #breakers = this.#gauge('circuit_breaker', '1 for the state that the breaker of a remote module is in.', [
    'module',
    'state',
  ]);
  readonly #remoteCalls = this.#gauge('remote_calls_in_flight', 'Calls of a remote module under way.', ['module']);
  #scrape: Promise<string> | undefined;

  constructor() {
    const inFlight = this.#gauge('http_requests_in_flight', 'HTTP requests being answered.', []);
    this.#watch(() => inFlight.set(this.requestsInFlight));
    this.#countCalls();
  }

  /** Makes a series: keep what it returns. `route` is the template, `/v1/orders/{id}`. */
  requests(method: string, route: string): RequestMeter {
    return new RequestMeter(this.#requests, method, route);
  }

  /** `orders.placeOrder`; the same operation gives the same meter. */
  calls(operation: string): CallMeter {
    return once(this.#callMeters, operation, () => new CallMeter(this.#calls.series({ operation })));
  }

  /** Calls of `orders.placeOrder` that come from other processes. Makes a series: keep what it returns. */
  servedCalls(operation: string): RpcMeter {
    return new RpcMeter(this.#servedCalls, operation);
  }

  /** The same subscription gives the same meter. */
  deliveries(subscription: string): DeliveryMeter {
    const make = () =>
      new DeliveryMeter(this.#deliveries.series({ subscription }), this.#deliveryFailures, subscription);
    return once(this.#deliveryMeters, subscription, make);
  }

  stepRetried(saga: string, step: string): void {
    this.#stepRetries.inc({ saga, step });
  }

  /** This and the following ask at every scrape. One that cannot answer is missing from that scrape. */
  watchOutbox(module: string, ask: () => Awaitable<{ pending: number; lagSeconds: number }>): void {
    this.#watch(async () => {
      const { pending, lagSeconds } = await ask();
      this.#outboxPending.set({ module }, pending);
      this.#outboxLag.set({ module }, lagSeconds);
    });
  }

  /** `ask` counts by subscription. */
  watchDeadLetters(ask: () => Awaitable<Counts>): void {
    this.#watch(async () => {
      for (const [subscription, count] of Object.entries(await ask())) this.#deadLetters.set({ subscription }, count);
    });
  }

  /** `ask` counts by saga and state. */
  watchSagas(ask: () => Awaitable<Readonly<Record<string, Counts>>>): void {
    this.#watch(async () => {
      for (const [saga, counts] of Object.entries(await ask())) {
        for (const [state, count] of Object.entries(counts)) this.#sagas.set({ saga, state }, count);
      }
    });
  }

  watchPool(module: string, ask: () => PoolCounts): void {
    this.#watch(() => {
      const { open, idle, waiting, refusals } = ask();
      this.#pool.set({ module, state: 'idle' }, idle);
      this.#pool.set({ module, state: 'in-use' }, open - idle);
      this.#poolWaiting.set({ module }, waiting);
      setCount(this.#poolRefusals, { module }, refusals);
    });
  }

  /** `ask` answers in seconds; undefined while it is not known. */
  watchClock(module: string, ask: () => number | undefined): void {
    this.#watch(() => {
      const ahead = ask();
      if (ahead !== undefined) this.#clockDifference.set({ module }, ahead);
    });
  }

  /** Which part of the requests is refused for overload, and how many were since the start. */
  watchAdmission(admission: { readonly refusing: number; readonly refused: number }): void {
    this.#watch(() => {
      this.#admissionShare.set(admission.refusing);
      setCount(this.#admissionRefusals, {}, admission.refused);
    });
  }

  /** `ask` counts since the start. */
  watchOwnership(module: string, ask: () => number): void {
    this.#watch(() => setCount(this.#ownershipLosses, { module }, ask()));
  }

  /** A request was refused because of its idempotency key. */
  keyConflict(module: string, reason: KeyConflict): void {
    this.#keyConflicts.inc({ module, reason });
  }

  /** `ask` counts since the start, except for what is unconfirmed now. */
  watchBroker(ask: () => BrokerCounts): void {
    const registers = [this.registry];
    const count = (name: string, help: string, of: (counts: BrokerCounts) => number) => {
      const collect = function (this: Counter) {
        this.reset();
        this.inc(of(ask()));
      };
      new Counter({ name, help, registers, collect });
    };
    count(
      'broker_events_published_total',
      'Events sent to the broker, each time they were.',
      ({ published }) => published,
    );
    count('broker_events_confirmed_total', 'Events that the broker has confirmed.', ({ confirmed }) => confirmed);
    count('broker_events_redelivered_total', 'Deliveries that were tried before.', ({ redelivered }) => redelivered);
    const unconfirmed = this.#gauge('broker_events_unconfirmed', 'Events that the broker has not confirmed yet.', []);
    const connected = this.#gauge('broker_connected', 'Whether the broker is connected: 1 or 0.', []);
    this.#watch(() => {
      unconfirmed.set(ask().unconfirmed);
      connected.set(ask().connected ? 1 : 0);
    });
  }

  /** Spans that no collector has got since the start, by the reason. */
  watchSpans({ lost }: { readonly lost: { readonly queueFull: number; readonly notTaken: number } }): void {
    const counter = this.#counter('otel_spans_lost_total', 'Spans that no collector has got.', ['reason']);
    this.#watch(() => {
      setCount(counter, { reason: 'queue-full' }, lost.queueFull);
      setCount(counter, { reason: 'not-taken' }, lost.notTaken);
    });
  }

  watchRemoteModule(module: string, ask: () => { breaker: 'closed' | 'open' | 'half-open'; underWay: number }): void {
    this.#watch(() => {
      const { breaker, underWay } = ask();
      for (const state of ['closed', 'open', 'half-open'])
        this.#breakers.set({ module, state }, state === breaker ? 1 : 0);
      this.#remoteCalls.set({ module }, underWay);
    });
  }

  /** Memory, CPU, garbage collection and event loop delay of the whole process, so only its one program asks for them. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.registry });
    // Sums of the metric beside each, under names that Prometheus keeps for counters.
    for (const what of ['handles', 'requests', 'resources'])
      this.registry.removeSingleMetric(`nodejs_active_${what}_total`);
  }

  /** In Prometheus' text format; its content type is the registry's. */
  text(): Promise<string> {
    this.#scrape ??= this.#collect().finally(() => (this.#scrape = undefined));
    return this.#scrape;
  }

  async #collect(): Promise<string> {
    for (const gauge of this.#watched) gauge.reset();
    const asked = Promise.allSettled(this.#sources.map((source) => source()));
    await within(patience, asked, () => {});
    return this.registry.metrics();
  }

  #watch(source: () => Awaitable<void>): void {
    this.#sources.push(async () => source());
  }

  #countCalls(): void {
    const meters = this.#callMeters;
    const registers = [this.registry];
    new Counter({
      name: 'calls_total',
      help: 'Calls of operations.',
      labelNames: ['operation'],
      registers,
      collect() {
        this.reset();
        for (const [operation, { calls }] of meters) this.inc({ operation }, calls);
      },
    });
    new Counter({
      name: 'call_failures_total',
      help: 'Calls that failed, by the kind of error.',
      labelNames: ['operation', 'kind'],
      registers,
      collect() {
        this.reset();
        for (const [operation, { failures }] of meters) {
          for (const [kind, count] of failures) this.inc({ operation, kind }, count);
        }
      },
    });
  }

  #timings(name: string, help: string): Timings {
    const timings = new Timings(name, help);
    this.registry.registerMetric(timings.asMetric());
    return timings;
  }

  #counter(name: string, help: string, labelNames: string[]): Counter {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge(name: string, help: string, labelNames: string[]): Gauge {
    const gauge = new Gauge({ name, help, labelNames, registers: [this.registry] });
    this.#watched.push(gauge);
    return gauge;
  }
}

/** Gives a counter what somebody else has counted. */
function setCount(counter: Counter, labels: Readonly<Record<string, string>>, count: number): void {
  counter.remove(labels);
  counter.inc(labels, count);
}

function once<T>(made: Map<string, T>, name: string, make: () => T): T {
  let existing = made.get(name);
  if (existing === undefined) {
    existing = make();
    made.set(name, existing);
  }
  return existing;
}
