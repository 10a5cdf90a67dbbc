/** Node's knowledge of its process, by the names that OpenTelemetry has for it. */
import { readdirSync, readFileSync } from 'node:fs';
import { constants, monitorEventLoopDelay, performance, PerformanceObserver } from 'node:perf_hooks';
import v8 from 'node:v8';
import type { MetricRegistry } from './registry.ts';

/** Milliseconds between two looks at the clock; also the part of their distance that is no delay. */
const resolution = 10;
const percentiles = [50, 90, 99] as const;

export function watchProcess(metrics: MetricRegistry): void {
  watchEventLoop(metrics);
  watchMemory(metrics);
  metrics.counted('process_cpu_time_seconds_total', 'CPU time, by who used it.', ['cpu_mode'])(() => {
    const { user, system } = process.cpuUsage();
    return [
      [{ cpu_mode: 'user' }, user / 1e6],
      [{ cpu_mode: 'system' }, system / 1e6],
    ];
  });
  const started = metrics.gauge('process_start_time_seconds', 'When the process started, in seconds since 1970.');
  metrics.watch(() => started.set(performance.timeOrigin / 1_000));
  if (process.platform === 'linux') watchFiles(metrics);
}

function watchEventLoop(metrics: MetricRegistry): void {
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  const gaugeOf = (which: string, what: string) =>
    metrics.gauge(
      `nodejs_eventloop_delay_${which}_seconds`,
      `${what} by which timers were late since the last scrape.`,
    );
  const gauges = {
    min: gaugeOf('min', 'The least time'),
    max: gaugeOf('max', 'The most time'),
    mean: gaugeOf('mean', 'The mean time'),
    stddev: gaugeOf('stddev', 'The standard deviation of the time'),
  };
  const ofPercentiles = percentiles.map(
    (each) => [each, gaugeOf(`p${each}`, `The ${each}th percentile of the time`)] as const,
  );
  const seconds = (nanoseconds: number) => Math.max(0, nanoseconds / 1e9 - resolution / 1e3);
  const utilization = metrics.gauge(
    'nodejs_eventloop_utilization_ratio',
    'The part of the time since the last scrape in which the event loop worked.',
  );
  let last = performance.eventLoopUtilization();
  metrics.watch(() => {
    if (delay.count > 0) {
      for (const which of ['min', 'max', 'mean'] as const) gauges[which].set(seconds(delay[which]));
      gauges.stddev.set(delay.stddev / 1e9);
      for (const [each, gauge] of ofPercentiles) gauge.set(seconds(delay.percentile(each)));
    }
    delay.reset();
    const now = performance.eventLoopUtilization();
    utilization.set(performance.eventLoopUtilization(now, last).utilization);
    last = now;
  });
  const state = 'nodejs_eventloop_state';
  metrics.counted('nodejs_eventloop_time_seconds_total', 'How long the event loop worked and waited.', [state])(() => {
    const { active, idle } = performance.eventLoopUtilization();
    return [
      [{ [state]: 'active' }, active / 1_000],
      [{ [state]: 'idle' }, idle / 1_000],
    ];
  });
}

const {
  NODE_PERFORMANCE_GC_MAJOR,
  NODE_PERFORMANCE_GC_MINOR,
  NODE_PERFORMANCE_GC_INCREMENTAL,
  NODE_PERFORMANCE_GC_WEAKCB,
} = constants;

interface Collection {
  readonly duration: number;
  readonly detail: { readonly kind: number };
}

function watchMemory(metrics: MetricRegistry): void {
  const collections = metrics.timings('v8js_gc_duration_seconds', 'How long garbage collections took.');
  const byKind = new Map(
    (
      [
        [NODE_PERFORMANCE_GC_MAJOR, 'major'],
        [NODE_PERFORMANCE_GC_MINOR, 'minor'],
        [NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
        [NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
      ] as const
    ).map(([kind, type]) => [kind, collections.of({ v8js_gc_type: type })]),
  );
  new PerformanceObserver((list) => {
    for (const { duration, detail } of list.getEntries() as unknown as readonly Collection[])
      byKind.get(detail.kind)?.record(duration);
  }).observe({ entryTypes: ['gc'] });

  const space = 'v8js_heap_space_name';
  const used = metrics.gauge('v8js_memory_heap_used_bytes', 'Memory in use, by space of the heap.', [space]);
  const taken = metrics.gauge('v8js_memory_heap_limit_bytes', 'Memory taken from the system, by space of the heap.', [
    space,
  ]);
  const most = metrics.gauge('fissile_heap_size_limit_bytes', 'The size of the heap at which the process dies.');
  const resident = metrics.gauge('process_memory_usage_bytes', 'Memory of the process that is not swapped out.');
  metrics.watch(() => {
    for (const { space_name, space_used_size, space_size } of v8.getHeapSpaceStatistics()) {
      used.set({ [space]: space_name }, space_used_size);
      taken.set({ [space]: space_name }, space_size);
    }
    most.set(v8.getHeapStatistics().heap_size_limit);
    resident.set(process.memoryUsage.rss());
  });
}

/** Linux tells of them in files. */
function watchFiles(metrics: MetricRegistry): void {
  const open = metrics.gauge('process_open_fds', 'File descriptors that are open.');
  const most = metrics.gauge('process_max_fds', 'File descriptors that may be open.');
  metrics.watch(() => {
    open.set(readdirSync('/proc/self/fd').length - 1);
    const [, limit] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    if (limit !== undefined) most.set(Number(limit));
  });
}
