import { describe, expect, it } from 'vitest';
import { PoolMeter } from './meters.ts';
import { Metrics, type PoolCounts } from './metrics.ts';

const lines = async (metrics: Metrics) => (await metrics.text()).split('\n');

const pool = (connections: PoolCounts) => ({ connections, meter: new PoolMeter('library') });

describe('the metrics of a program', () => {
  it('put durations into buckets, in seconds', async () => {
    const metrics = new Metrics();
    const meter = metrics.requests({ method: 'GET', url: '/v1/orders/{id}' }, 'public');
    for (const milliseconds of [0.05, 3, 3, 40, 60_000]) meter.finished(200, milliseconds);
    meter.finished(404, 1);
    const text = await lines(metrics);
    const labels =
      'http_request_method="GET",http_route="/v1/orders/{id}",fissile_module="",fissile_ingress="public",http_response_status_code="200"';
    expect(text).toContain(`http_server_request_duration_seconds_bucket{${labels},le="0.0001"} 1`);
    expect(text).toContain(`http_server_request_duration_seconds_bucket{${labels},le="0.0025"} 1`);
    expect(text).toContain(`http_server_request_duration_seconds_bucket{${labels},le="0.005"} 3`);
    expect(text).toContain(`http_server_request_duration_seconds_bucket{${labels},le="0.05"} 4`);
    expect(text).toContain(`http_server_request_duration_seconds_bucket{${labels},le="10"} 4`);
    expect(text).toContain(`http_server_request_duration_seconds_bucket{${labels},le="+Inf"} 5`);
    expect(text).toContain(`http_server_request_duration_seconds_count{${labels}} 5`);
    expect(text.find((line) => line.startsWith(`http_server_request_duration_seconds_sum{${labels}}`))).toMatch(
      / 60\.04605/,
    );
    expect(text.join('\n')).toContain('http_response_status_code="404"} 1');
  });

  it('count calls by operation and failures by kind', async () => {
    const metrics = new Metrics();
    const lendBook = { module: 'library', name: 'lendBook' };
    metrics.calls('fines', lendBook).calls += 3;
    metrics.calls('fines', lendBook).failed('conflict');
    metrics.calls('fines', lendBook).took(2);
    const text = await lines(metrics);
    const call = 'fissile_caller="fines",fissile_module="library",fissile_operation="lendBook"';
    expect(text).toContain(`fissile_calls_total{${call}} 3`);
    expect(text).toContain(`fissile_call_failures_total{${call},error_type="conflict"} 1`);
    expect(text).toContain(`fissile_call_duration_seconds_count{${call}} 1`);
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
    metrics.watchSagas(async () => ({ 'library.checkout': { running: 2, stuck: 1 } }));
    metrics.watchPool('library', pool({ max: 10, open: 5, idle: 2, waiting: 1, refusals: 4 }));
    metrics.watchOwnership('library', () => 2);
    metrics.watchClock('library', () => -3.5);
    metrics.watchClock('readers', () => undefined);
    metrics.keyConflict('library', 'in-use');
    await metrics.text();
    expect(await lines(metrics)).toEqual(
      expect.arrayContaining([
        'fissile_event_delivery_duration_seconds_count{messaging_consumer_group_name="fines.waiveFine"} 1',
        'fissile_event_delivery_failures_total{messaging_consumer_group_name="fines.waiveFine",fissile_outcome="retried"} 1',
        'fissile_event_delivery_failures_total{messaging_consumer_group_name="fines.waiveFine",fissile_outcome="dead"} 1',
        'fissile_saga_step_retries_total{fissile_saga="library.checkout",fissile_saga_step="authorize"} 1',
        'fissile_outbox_pending_events{fissile_module="library"} 3',
        'fissile_outbox_lag_seconds{fissile_module="library"} 1.5',
        'fissile_dead_letters{messaging_consumer_group_name="fines.waiveFine"} 1',
        'fissile_sagas{fissile_saga="library.checkout",fissile_saga_state="running"} 2',
        'fissile_sagas{fissile_saga="library.checkout",fissile_saga_state="stuck"} 1',
        'db_client_connections{db_client_connection_pool_name="library",db_client_connection_state="idle"} 2',
        'db_client_connections{db_client_connection_pool_name="library",db_client_connection_state="used"} 3',
        'db_client_connection_pending_requests{db_client_connection_pool_name="library"} 1',
        'db_client_connection_timeouts_total{db_client_connection_pool_name="library"} 4',
        'fissile_database_clock_difference_seconds{fissile_module="library"} -3.5',
        'fissile_ownership_losses_total{fissile_module="library"} 2',
        'fissile_idempotency_key_conflicts_total{fissile_module="library",fissile_reason="in-use"} 1',
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
    metrics.watchPool('library', pool({ max: 10, open: 1, idle: 1, waiting: 0, refusals: 0 }));
    expect(await metrics.text()).toContain('fissile_outbox_pending_events{');
    down = true;
    const text = await metrics.text();
    expect(text).not.toContain('fissile_outbox_pending_events{');
    expect(text).toContain('db_client_connection_pending_requests{db_client_connection_pool_name="library"} 0');
  });

  it('do not wait forever for what does not answer', async () => {
    const metrics = new Metrics();
    metrics.watchOutbox('library', () => new Promise(() => {}));
    const startedAt = performance.now();
    expect(await metrics.text()).toContain('http_server_active_requests 0');
    expect(performance.now() - startedAt).toBeLessThan(60_000);
  });

  it('of two programs in one process are apart', async () => {
    const [one, other] = [new Metrics(), new Metrics()];
    one.calls('fines', { module: 'library', name: 'lendBook' }).calls += 1;
    expect(await other.text()).not.toContain('lendBook');
  });

  it('tell of the process when asked to', async () => {
    const metrics = new Metrics();
    expect(await metrics.text()).not.toContain('process_cpu');
    metrics.watchProcess();
    const text = await metrics.text();
    for (const name of [
      'process_cpu_time_seconds_total',
      'process_memory_usage_bytes',
      'nodejs_eventloop_delay_p99_seconds',
      'nodejs_eventloop_time_seconds_total{nodejs_eventloop_state="active"}',
      'v8js_gc_duration_seconds_count{v8js_gc_type="major"}',
      'v8js_memory_heap_used_bytes{v8js_heap_space_name="old_space"}',
    ]) {
      expect(text).toContain(name);
    }
  });
});
