// ADR 0075
/**
 * The program's metrics. One object per program with a registry of its own, so that several programs in one
 * process (as in tests) do not add up. Names and labels are those of OpenTelemetry's conventions as Prometheus writes
 * them; what these have no name for begins with `fissile_`.
 */
import type { EventDefinition } from '#platform/contract.ts';
import type { EventCount } from '#platform/counts.ts';
import { EventCounts } from './event-counts.ts';
import { CallMeter, DeliveryMeter, OutcomeMeter, type PoolMeter } from './meters.ts';
import { watchProcess } from './process-metrics.ts';
import { type Awaitable, MetricRegistry } from './registry.ts';
import { asLabels, type Labels } from './timings.ts';

type CountsByName = Readonly<Record<string, number>>;

export interface PoolCounts {
  readonly max: number;
  readonly open: number;
  readonly idle: number;
  /** Work that waits for a connection. */
  readonly waiting: number;
  /** How often no connection came free in time, since the start. */
  readonly refusals: number;
}

/** A pool of connections to a database. */
export interface WatchedPool {
  readonly connections: PoolCounts;
  readonly meter: PoolMeter;
}

export type KeyConflict = 'in-use' | 'reused';

export interface BrokerCounts {
  readonly published: number;
  readonly confirmed: number;
  readonly unconfirmed: number;
  readonly redelivered: number;
  readonly connected: boolean;
}

/** A module in other processes, as this process reaches it. */
export interface RemoteState {
  readonly breaker: (typeof breakerStates)[number];
  readonly underWay: number;
}
const breakerStates = ['closed', 'open', 'half-open'] as const;

const group = 'messaging_consumer_group_name';
const pool = 'db_client_connection_pool_name';

export class Metrics extends MetricRegistry {
  /** Requests being answered now. */
  requestsInFlight = 0;

  readonly #requests = this.timings('http_server_request_duration_seconds', 'HTTP requests by route and status.');
  readonly #requestsOut = this.timings('http_client_request_duration_seconds', 'HTTP requests to others.');
  readonly #calls = this.timings(
    'fissile_call_duration_seconds',
    'How long calls of operations take, from a sample of them.',
  );
  readonly #callMeters = new Map<string, CallMeter>();
  readonly #rpcClient = this.timings('rpc_client_call_duration_seconds', 'Calls of other processes.');
  readonly #rpcServer = this.timings('rpc_server_call_duration_seconds', 'Calls from other processes.');
  readonly #events = new EventCounts(this);
  readonly #deliveries = this.timings(
    'fissile_event_delivery_duration_seconds',
    'From the commit of an event to that of its reaction.',
  );
  readonly #processed = this.timings('messaging_process_duration_seconds', 'How long one try of a reaction takes.');
  readonly #deliveryFailures = this.counter(
    'fissile_event_delivery_failures_total',
    'Failed tries to deliver an event: retried or dead.',
    [group, 'fissile_outcome'],
  );
  readonly #deliveryMeters = new Map<string, DeliveryMeter>();
  readonly #stepRetries = this.counter(
    'fissile_saga_step_retries_total',
    'Steps of sagas that have to be tried again.',
    ['fissile_saga', 'fissile_saga_step'],
  );
  readonly #steps = this.timings('fissile_saga_step_duration_seconds', 'How long one try of a step takes.');
  readonly #endedSagas = this.timings('fissile_saga_duration_seconds', 'From the start of a saga to its end.');
  readonly #stepMeters = new Map<string, OutcomeMeter<string>>();
  readonly #sagaMeters = new Map<string, OutcomeMeter<string>>();
  readonly #mailTries = this.timings('fissile_mail_try_duration_seconds', 'How long one try to send a mail takes.');
  readonly #endedMails = this.timings('fissile_mail_duration_seconds', 'From adding a mail to its end.');
  readonly #mailMeters = new Map<string, OutcomeMeter<string>>();
  readonly #waits = this.timings('db_client_connection_wait_time_seconds', 'How long work waited for a connection.');
  readonly #statements = this.timings('db_client_operation_duration_seconds', 'Statements, by operation and table.');

  readonly #outboxPending = this.gauge('fissile_outbox_pending_events', 'Events that are not delivered yet.', [
    'fissile_module',
  ]);
  readonly #outboxLag = this.gauge('fissile_outbox_lag_seconds', 'Age of the oldest event that is not delivered.', [
    'fissile_module',
  ]);
  readonly #deadLetters = this.gauge('fissile_dead_letters', 'Deliveries given up.', [group]);
  readonly #sagas = this.gauge('fissile_sagas', 'Sagas that have not ended, by state.', [
    'fissile_saga',
    'fissile_saga_state',
  ]);
  readonly #mailsWaiting = this.gauge('fissile_mails_waiting', 'Mails that are not sent yet.', ['fissile_module']);
  readonly #mailLag = this.gauge('fissile_mail_lag_seconds', 'Age of the oldest mail that is not sent yet.', [
    'fissile_module',
  ]);
  readonly #connections = this.gauge('db_client_connections', 'Connections: idle or used.', [
    pool,
    'db_client_connection_state',
  ]);
  readonly #mostConnections = this.gauge('db_client_connection_max', 'Connections that may be open at once.', [pool]);
  readonly #pendingRequests = this.gauge('db_client_connection_pending_requests', 'Work that waits for a connection.', [
    pool,
  ]);
  readonly #poolTimeouts = this.counted(
    'db_client_connection_timeouts_total',
    'Work given up because no connection came free in time.',
    [pool],
  );
  readonly #clockDifference = this.gauge(
    'fissile_database_clock_difference_seconds',
    "By how much the clock of this machine is ahead of the database's.",
    ['fissile_module'],
  );
  readonly #ownershipLosses = this.counted(
    'fissile_ownership_losses_total',
    'How often the session was lost that marks the work of this instance as its own.',
    ['fissile_module'],
  );
  readonly #keyConflicts = this.counter(
    'fissile_idempotency_key_conflicts_total',
    'Requests refused because their key is in use or was used for another request.',
    ['fissile_module', 'fissile_reason'],
  );
  readonly #breakers = this.gauge(
    'fissile_circuit_breaker',
    '1 for the state that the breaker of a remote module is in.',
    ['fissile_module', 'network_protocol_name', 'fissile_breaker_state'],
  );
  readonly #remoteCalls = this.gauge('fissile_remote_calls_active', 'Calls of a remote module under way.', [
    'fissile_module',
    'network_protocol_name',
  ]);
  readonly #certificates = this.gauge(
    'fissile_certificate_expiry_timestamp_seconds',
    'The end of the certificate that this process shows, in seconds since 1970.',
    ['fissile_certificate'],
  );

  constructor() {
    super();
    const active = this.gauge('http_server_active_requests', 'HTTP requests being answered.');
    this.watch(() => active.set(this.requestsInFlight));
    const calls = () => this.#callMeters.values();
    this.counted(
      'fissile_calls_total',
      'Calls of operations, by who calls.',
      callLabels,
    )(function* () {
      for (const { labels, calls: count } of calls()) yield [labels, count];
    });
    this.counted('fissile_call_failures_total', 'Calls that failed, by the kind of error.', [
      ...callLabels,
      'error_type',
    ])(function* () {
      for (const { labels, failures } of calls())
        for (const [kind, count] of failures) yield [{ ...labels, error_type: kind }, count];
    });
  }

  /** `url` is the template, `/v1/orders/{id}`; `ingress` tells from whom requests come. By status. */
  requests(
    { method, url, module = '' }: { method: string; url: string; module?: string | undefined },
    ingress: 'public' | 'gateway',
  ): OutcomeMeter<number> {
    const labels = {
      http_request_method: method,
      http_route: url,
      fissile_module: module,
      fissile_ingress: ingress,
    };
    return new OutcomeMeter(this.#requests, labels, (status) => ({ http_response_status_code: String(status) }));
  }

  /** Requests of the gateway's to a module, or of a module's to others, where `module` is '': by status, or by why there was no answer. */
  requestsOut({
    method,
    module,
    address,
  }: Readonly<Record<'method' | 'module' | 'address', string>>): OutcomeMeter<number | string> {
    const labels = { http_request_method: method, fissile_module: module, server_address: address };
    return new OutcomeMeter(this.#requestsOut, labels, (outcome) => ({
      ...(typeof outcome === 'number' && { http_response_status_code: String(outcome) }),
      ...((typeof outcome === 'string' || outcome >= 400) && { error_type: String(outcome) }),
    }));
  }

  /** The same caller and operation give the same meter. */
  calls(caller: string, { module, name }: { readonly module: string; readonly name: string }): CallMeter {
    const labels = { fissile_caller: caller, fissile_module: module, fissile_operation: name };
    return once(this.#callMeters, `${caller} ${module}.${name}`, () => new CallMeter(this.#calls.of(labels)));
  }

  /** Calls of `method` (`fissile.library.v1.Library/LendBook`) that leave the process, by status. */
  callsOut(caller: string, module: string, method: string): OutcomeMeter<string> {
    const labels = { rpc_system_name: 'grpc', rpc_method: method, fissile_caller: caller, fissile_module: module };
    return new OutcomeMeter(this.#rpcClient, labels, rpcOutcome);
  }

  /** Calls that come from other processes, by status. */
  servedCalls(module: string, method: string): OutcomeMeter<string> {
    const labels = { rpc_system_name: 'grpc', rpc_method: method, fissile_module: module };
    return new OutcomeMeter(this.#rpcServer, labels, rpcOutcome);
  }

  /** Shows the counters that a module has declared on its events. */
  countEvents(counts: Readonly<Record<string, EventCount>>): void {
    this.#events.declare(counts);
  }

  /** Called once the transaction of an event has committed. */
  announced(event: Pick<EventDefinition, 'name' | 'version'>, payload: unknown): void {
    this.#events.announced(event, payload);
  }

  /** The same subscription gives the same meter. */
  deliveries(subscription: string): DeliveryMeter {
    const make = () => new DeliveryMeter(this.#deliveries.of({ [group]: subscription }), this.#deliveryFailures);
    return once(this.#deliveryMeters, subscription, make);
  }

  /** Tries of a reaction, by what the last one failed with: '' for nothing. */
  reactions(system: string, event: string, subscription: string): OutcomeMeter<string> {
    const labels = {
      messaging_system: system,
      messaging_operation_name: 'process',
      messaging_destination_name: event,
      [group]: subscription,
    };
    return new OutcomeMeter(this.#processed, labels, errorType);
  }

  stepRetried(saga: string, step: string): void {
    this.#stepRetries.inc({ fissile_saga: saga, fissile_saga_step: step });
  }

  /** Tries of a step, by what it failed with: '' for nothing. */
  steps(saga: string, step: string, direction: 'run' | 'undo'): OutcomeMeter<string> {
    const labels = { fissile_saga: saga, fissile_saga_step: step, fissile_saga_direction: direction };
    return once(
      this.#stepMeters,
      `${saga} ${step} ${direction}`,
      () => new OutcomeMeter(this.#steps, labels, errorType),
    );
  }

  endedSagas(saga: string): OutcomeMeter<string> {
    const labelsOf = (outcome: string) => ({ fissile_saga_outcome: outcome });
    const expected = ['completed', 'undone'];
    return once(
      this.#sagaMeters,
      saga,
      () => new OutcomeMeter(this.#endedSagas, { fissile_saga: saga }, labelsOf, expected),
    );
  }

  /** Tries to send a mail of this kind, by what they failed with: '' for nothing. */
  mailTries(mail: string): OutcomeMeter<string> {
    const make = () => new OutcomeMeter(this.#mailTries, { fissile_mail: mail }, errorType);
    return once(this.#mailMeters, `try ${mail}`, make);
  }

  /** Mails of this kind that were sent, refused, or given up as too late. */
  mailEnded(mail: string): OutcomeMeter<string> {
    const labelsOf = (outcome: string) => ({ fissile_mail_outcome: outcome });
    const expected: string[] = ['sent', 'refused', 'expired'];
    const make = () => new OutcomeMeter(this.#endedMails, { fissile_mail: mail }, labelsOf, expected);
    return once(this.#mailMeters, `end ${mail}`, make);
  }

  /** This and the following ask at every scrape. One that cannot answer is missing from that scrape. */
  watchOutbox(module: string, ask: () => Awaitable<{ pending: number; lagSeconds: number }>): void {
    this.watch(async () => {
      const { pending, lagSeconds } = await ask();
      this.#outboxPending.set({ fissile_module: module }, pending);
      this.#outboxLag.set({ fissile_module: module }, lagSeconds);
    });
  }

  /** `ask` counts by subscription. */
  watchDeadLetters(ask: () => Awaitable<CountsByName>): void {
    this.watch(async () => {
      for (const [subscription, count] of Object.entries(await ask()))
        this.#deadLetters.set({ [group]: subscription }, count);
    });
  }

  /** `ask` counts those that have not ended by saga and state. */
  watchSagas(ask: () => Awaitable<Readonly<Record<string, CountsByName>>>): void {
    this.watch(async () => {
      for (const [saga, counts] of Object.entries(await ask())) {
        for (const [state, count] of Object.entries(counts))
          this.#sagas.set({ fissile_saga: saga, fissile_saga_state: state }, count);
      }
    });
  }

  /** `ask` counts those that wait, and says how many seconds the oldest has. */
  watchMails(module: string, ask: () => Awaitable<{ count: number; oldest: number }>): void {
    this.watch(async () => {
      const { count, oldest } = await ask();
      this.#mailsWaiting.set({ fissile_module: module }, count);
      this.#mailLag.set({ fissile_module: module }, oldest);
    });
  }

  watchPool(module: string, watched: WatchedPool): void {
    const name = { [pool]: module };
    this.#waits.show(() => [watched.meter.waits]);
    this.#statements.show(() => watched.meter.operations);
    this.#poolTimeouts(() => [[name, watched.connections.refusals]]);
    this.watch(() => {
      const { max, open, idle, waiting } = watched.connections;
      this.#connections.set({ ...name, db_client_connection_state: 'idle' }, idle);
      this.#connections.set({ ...name, db_client_connection_state: 'used' }, open - idle);
      this.#mostConnections.set(name, max);
      this.#pendingRequests.set(name, waiting);
    });
  }

  /** `ask` answers in seconds; undefined while it is not known. */
  watchClock(module: string, ask: () => number | undefined): void {
    this.watch(() => {
      const ahead = ask();
      if (ahead !== undefined) this.#clockDifference.set({ fissile_module: module }, ahead);
    });
  }

  /** Which part of the requests is refused for overload, and how many were since the start. */
  watchAdmission(admission: { readonly refusing: number; readonly refused: number }): void {
    const share = this.gauge(
      'fissile_admission_refused_ratio',
      'The part of the requests that is refused because of overload, from 0 to 1.',
    );
    this.watch(() => share.set(admission.refusing));
    this.counted(
      'fissile_admission_refusals_total',
      'Requests refused because of overload.',
    )(() => [[{}, admission.refused]]);
  }

  /** `ask` counts since the start. */
  watchOwnership(module: string, ask: () => number): void {
    this.#ownershipLosses(() => [[{ fissile_module: module }, ask()]]);
  }

  /** A request was refused because of its idempotency key. */
  keyConflict(module: string, reason: KeyConflict): void {
    this.#keyConflicts.inc({ fissile_module: module, fissile_reason: reason });
  }

  /** `ask` counts since the start, except for what is unconfirmed now. */
  watchBroker(system: string, ask: () => BrokerCounts): void {
    const labels = { messaging_system: system };
    const names = Object.keys(labels);
    const count = (name: string, help: string, of: (counts: BrokerCounts) => number) =>
      this.counted(name, help, names)(() => [[labels, of(ask())]]);
    count(
      'messaging_client_sent_messages_total',
      'Events sent to the broker, each time they were.',
      (counts) => counts.published,
    );
    count(
      'fissile_broker_confirmed_messages_total',
      'Events that the broker has confirmed.',
      (counts) => counts.confirmed,
    );
    count(
      'fissile_broker_redelivered_messages_total',
      'Deliveries that were tried before.',
      (counts) => counts.redelivered,
    );
    const unconfirmed = this.gauge(
      'fissile_broker_unconfirmed_messages',
      'Events that the broker has not confirmed yet.',
      names,
    );
    const connected = this.gauge('fissile_broker_connected', 'Whether the broker is connected: 1 or 0.', names);
    this.watch(() => {
      unconfirmed.set(labels, ask().unconfirmed);
      connected.set(labels, ask().connected ? 1 : 0);
    });
  }

  /** Spans that no collector has got since the start, by the reason. */
  watchSpans({ lost }: { readonly lost: { readonly queueFull: number; readonly notTaken: number } }): void {
    this.counted('fissile_spans_lost_total', 'Spans that no collector has got.', ['error_type'])(() => [
      [{ error_type: 'queue-full' }, lost.queueFull],
      [{ error_type: 'not-taken' }, lost.notTaken],
    ]);
  }

  watchRemoteModule(module: string, protocol: 'grpc' | 'http', ask: () => RemoteState): void {
    const labels = { fissile_module: module, network_protocol_name: protocol };
    this.watch(() => {
      const { breaker, underWay } = ask();
      for (const state of breakerStates)
        this.#breakers.set({ ...labels, fissile_breaker_state: state }, state === breaker ? 1 : 0);
      this.#remoteCalls.set(labels, underWay);
    });
  }

  /** The certificates that this process shows, and until when they are valid; `shown` is read at every scrape. */
  watchCertificates(shown: Iterable<readonly [string, { readonly validTo: Date }]>): void {
    this.watch(() => {
      for (const [name, { validTo }] of shown)
        this.#certificates.set({ fissile_certificate: name }, validTo.getTime() / 1_000);
    });
  }

  /** Tells which program this is, by the attributes under which its traces are known. */
  identify(resource: Labels): void {
    const labels = asLabels(resource);
    const target = this.gauge('target_info', 'The program and its process.', Object.keys(labels));
    this.watch(() => target.set(labels, 1));
  }

  /** Memory, CPU, garbage collection and event loop delay of the whole process, so only its one program asks for them. */
  watchProcess(): void {
    watchProcess(this);
  }
}

const callLabels = ['fissile_caller', 'fissile_module', 'fissile_operation'];
const errorType = (failure: string): Labels => (failure === '' ? {} : { error_type: failure });
const rpcOutcome = (status: string): Labels => ({
  rpc_response_status_code: status,
  ...(status !== 'OK' && { error_type: status }),
});

function once<T>(made: Map<string, T>, name: string, make: () => T): T {
  let existing = made.get(name);
  if (existing === undefined) {
    existing = make();
    made.set(name, existing);
  }
  return existing;
}
