import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';

const lines = async (metrics: Metrics) => (await metrics.text()).split('\n');

describe('the metrics of a program', () => {
  it('put durations into buckets, in seconds', async () => {
    const metrics = new Metrics();
    const meter = metrics.requests('GET', '/v1/orders/{id}');
    for (const milliseconds of [0.05, 3, 3, 40, 60_000]) meter.finished(200, milliseconds);
    meter.finished(404, 1);
    const text = await lines(metrics);
    const labels = 'method="GET",route="/v1/orders/{id}",status="200"';
    expect(text).toContain(`http_request_duration_seconds_bucket{${labels},le="0.0001"} 1`);
    expect(text).toContain(`http_request_duration_seconds_bucket{${labels},le="0.0025"} 1`);
    expect(text).toContain(`http_request_duration_seconds_bucket{${labels},le="0.005"} 3`);
    expect(text).toContain(`http_request_duration_seconds_bucket{${labels},le="0.05"} 4`);
    expect(text).toContain(`http_request_duration_seconds_bucket{${labels},le="10"} 4`);
    expect(text).toContain(`http_request_duration_seconds_bucket{${labels},le="+Inf"} 5`);
    expect(text).toContain(`http_request_duration_seconds_count{${labels}} 5`);
    expect(text.find((line) => line.startsWith(`http_request_duration_seconds_sum{${labels}}`))).toMatch(/ 60\.04605/);
    expect(text.join('\n')).toContain('status="404"} 1');
  });

  it('count calls by operation and failures by kind', async () => {
    const metrics = new Metrics();
    metrics.calls('library.lendBook').calls += 3;
    metrics.calls('library.lendBook').failed('conflict');
    metrics.calls('library.lendBook').took(2);
    const text = await lines(metrics);
    expect(text).toContain('calls_total{operation="library.lendBook"} 3');
    expect(text).toContain('call_failures_total{operation="library.lendBook",kind="conflict"} 1');
    expect(text).toContain('call_duration_seconds_count{operation="library.lendBook"} 1');
    expect(await lines(metrics), 'a scrape changes nothing').toEqual(text);
  });

  it('tell of deliveries, sagas, outbox and pools', async () => {
    const metrics = new Metrics();
    const deliveries = metrics.deliveries('fines.waiveFine');
    deliveries.done(12);
    deliveries.retried();
    deliveries.dead();
    metrics.stepRetried('library.checkout', 'authorize');
    metrics.watchOutbox('library', async () => ({ pending: 3, lagSeconds: 1.5 }));
    metrics.watchDeadLetters(async () => ({ 'fines.waiveFine': 1 }));
    metrics.watchSagas(async () => ({ 'library.checkout': { running: 2, undone: 1 } }));
    metrics.watchPool('library', () => ({ open: 5, idle: 2, waiting: 1, refusals: 4 }));
    metrics.watchOwnership('library', () => 2);
    metrics.watchClock('library', () => -3.5);
    metrics.watchClock('readers', () => undefined);
    metrics.keyConflict('library', 'in-use');
    await metrics.text();
    expect(await lines(metrics)).toEqual(
      expect.arrayContaining([
        'event_delivery_seconds_count{subscription="fines.waiveFine"} 1',
        'event_delivery_failures_total{subscription="fines.waiveFine",outcome="retried"} 1',
        'event_delivery_failures_total{subscription="fines.waiveFine",outcome="dead"} 1',
        'saga_step_retries_total{saga="library.checkout",step="authorize"} 1',
        'outbox_pending{module="library"} 3',
        'outbox_lag_seconds{module="library"} 1.5',
        'dead_letters{subscription="fines.waiveFine"} 1',
        'sagas{saga="library.checkout",state="running"} 2',
        'sagas{saga="library.checkout",state="undone"} 1',
        'database_pool_connections{module="library",state="idle"} 2',
        'database_pool_connections{module="library",state="in-use"} 3',
        'database_pool_waiting{module="library"} 1',
        'database_pool_refusals_total{module="library"} 4',
        'database_clock_difference_seconds{module="library"} -3.5',
        'ownership_losses_total{module="library"} 2',
        'idempotency_key_conflicts_total{module="library",reason="in-use"} 1',
      ]),
    );
  });

  it('go without what cannot answer, and do not show what it said before', async () => {
    const metrics = new Metrics();
    let down = false;
    metrics.watchOutbox('library', async () => {
      if (down) throw new Error('The database is gone.');
      return { pending: 3, lagSeconds: 0 };
    });
    metrics.watchPool('library', () => ({ open: 1, idle: 1, waiting: 0, refusals: 0 }));
    expect(await metrics.text()).toContain('outbox_pending{');
    down = true;
    const text = await metrics.text();
    expect(text).not.toContain('outbox_pending{');
    expect(text).toContain('database_pool_waiting{module="library"} 0');
  });

  it('do not wait forever for what does not answer', async () => {
    const metrics = new Metrics();
    metrics.watchOutbox('library', () => new Promise(() => {}));
    const startedAt = performance.now();
    expect(await metrics.text()).toContain('http_requests_in_flight 0');
    expect(performance.now() - startedAt).toBeLessThan(60_000);
  });

  it('of two programs in one process are apart', async () => {
    const [one, other] = [new Metrics(), new Metrics()];
    one.calls('library.lendBook').calls += 1;
    expect(await other.text()).not.toContain('library.lendBook');
  });

  it('tell of the process when asked to', async () => {
    const metrics = new Metrics();
    expect(await metrics.text()).not.toContain('process_cpu');
    metrics.watchProcess();
    const text = await metrics.text();
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'nodejs_eventloop_lag_p99_seconds',
      'nodejs_gc_duration_seconds',
    ]) {
      expect(text).toContain(name);
    }
  });
});
