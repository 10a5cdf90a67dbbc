// ADR 0073
/** The alerts of one condition each. Those on objectives, which watch how fast an error budget is spent, are in objectives.ts. */

export interface Alert {
  /** Also the name of its page in docs/runbooks. */
  readonly name: string;
  /** Wake somebody, or leave a ticket for the next working day. */
  readonly severity: 'page' | 'ticket';
  /** Has a value while all is well, too. */
  readonly value: string;
  /** The comparison that makes it an alert. */
  readonly when: string;
  readonly lasts: string;
  /** One line with what is wrong where; a template of Prometheus. */
  readonly summary: string;
}

/**
 * Gauges that each replica reads from a database that they share are taken by their maximum: a sum would count the same rows
 * once for each replica.
 */
export const alerts: readonly Alert[] = [
  {
    name: 'OutboxLagging',
    severity: 'page',
    value: 'max by (fissile_module) (fissile_outbox_lag_seconds)',
    when: '> 60',
    lasts: '5m',
    summary:
      'Events of {{ $labels.fissile_module }} wait in its outbox, the oldest for {{ $value | humanizeDuration }}.',
  },
  {
    name: 'DeadLetters',
    severity: 'ticket',
    value: 'max by (messaging_consumer_group_name) (fissile_dead_letters)',
    when: '> 0',
    lasts: '5m',
    summary: '{{ $labels.messaging_consumer_group_name }} has given up {{ $value }} events.',
  },
  {
    name: 'SagasStuck',
    severity: 'page',
    value: 'max by (fissile_saga) (fissile_sagas{fissile_saga_state="stuck"})',
    when: '> 0',
    lasts: '5m',
    summary: '{{ $value }} sagas {{ $labels.fissile_saga }} cannot be undone.',
  },
  {
    name: 'BreakerOpen',
    severity: 'page',
    value:
      'max by (process, fissile_module, network_protocol_name) (fissile_circuit_breaker{fissile_breaker_state!="closed"})',
    when: '> 0',
    lasts: '2m',
    summary:
      '{{ $labels.process }} does not reach {{ $labels.fissile_module }} over {{ $labels.network_protocol_name }}: its circuit breaker is open.',
  },
  {
    name: 'PoolExhausted',
    severity: 'page',
    value: 'sum by (process, db_client_connection_pool_name) (rate(db_client_connection_timeouts_total[5m]))',
    when: '> 0',
    lasts: '2m',
    summary:
      'Work for {{ $labels.db_client_connection_pool_name }} in {{ $labels.process }} is given up because no connection to the database comes free.',
  },
  {
    name: 'EventLoopLate',
    severity: 'ticket',
    value: 'avg_over_time(nodejs_eventloop_delay_p99_seconds[5m])',
    when: '> 0.25',
    lasts: '10m',
    summary:
      'The event loop of {{ $labels.process }} ({{ $labels.instance }}) is late by {{ $value | humanizeDuration }}.',
  },
  {
    name: 'CertificateEnding',
    severity: 'page',
    value: 'min by (process, fissile_certificate) (fissile_certificate_expiry_timestamp_seconds) - time()',
    when: '< 2 * 86400',
    lasts: '10m',
    summary:
      'The {{ $labels.fissile_certificate }} certificate of {{ $labels.process }} ends in {{ $value | humanizeDuration }} and was not renewed.',
  },
  {
    name: 'NotScraped',
    severity: 'page',
    value: '(min by (process, instance) (up{job="fissile"}) or absent(up{job="fissile"}) - 1)',
    when: '< 1',
    lasts: '2m',
    summary: 'Prometheus gets no metrics of {{ $labels.process }} ({{ $labels.instance }}).',
  },
  {
    name: 'ClockSkewed',
    severity: 'ticket',
    value: 'max by (process, fissile_module) (abs(fissile_database_clock_difference_seconds))',
    when: '> 1',
    lasts: '5m',
    summary:
      'The clock of {{ $labels.process }} and that of the database of {{ $labels.fissile_module }} differ by {{ $value | humanizeDuration }}.',
  },
];
