import { type Dashboard, from, perSecond, quantile } from '../panels.ts';

const each = '{{process}} {{instance}}';

export const runtime: Dashboard = {
  id: 'runtime',
  title: 'Runtime',
  purpose: 'Node.js in each process: whether something blocks it, and whether its memory holds.',
  rows: {
    'Event loop': [
      {
        title: 'Delay, 99th percentile',
        good: 'Below 50 ms: what is above it, every request of the process waits for.',
        unit: 's',
        series: [[`nodejs_eventloop_delay_p99_seconds{${from}}`, each]],
      },
      {
        title: 'Utilization',
        good: 'Below 70 %: above it, add a replica.',
        unit: 'percentunit',
        series: [[`nodejs_eventloop_utilization_ratio{${from}}`, each]],
      },
      {
        title: 'CPU',
        good: 'Below one core: Node.js computes on one thread, and only the garbage collector and cryptography use others.',
        unit: 'short',
        series: [[perSecond('process_cpu_time_seconds_total', from, 'process, instance'), each]],
      },
    ],
    Memory: [
      {
        title: 'Resident memory',
        good: 'Flat over days.',
        unit: 'bytes',
        series: [[`process_memory_usage_bytes{${from}}`, each]],
      },
      {
        title: 'Heap, of its limit',
        good: 'A saw below 70 %, whose valleys do not rise.',
        unit: 'percentunit',
        series: [
          [
            `sum by (process, instance) (v8js_memory_heap_used_bytes{${from}}) / sum by (process, instance) (v8js_memory_heap_limit_bytes{${from}})`,
            each,
          ],
        ],
      },
      {
        title: 'Time for garbage collection',
        good: 'Below 5 % of the time.',
        unit: 'percentunit',
        series: [
          [perSecond('v8js_gc_duration_seconds_sum', from, 'process, v8js_gc_type'), '{{process}} {{v8js_gc_type}}'],
        ],
      },
      {
        title: 'Pauses for garbage collection, 99th percentile',
        good: 'Below 10 ms.',
        unit: 's',
        series: [
          [quantile(0.99, 'v8js_gc_duration_seconds', from, 'process, v8js_gc_type'), '{{process}} {{v8js_gc_type}}'],
        ],
      },
    ],
    Process: [
      {
        title: 'Open files',
        good: 'Far below the limit.',
        unit: 'percentunit',
        series: [[`process_open_fds{${from}} / process_max_fds{${from}}`, each]],
      },
      {
        title: 'Up since',
        good: 'No dip that nobody deployed.',
        unit: 's',
        series: [[`time() - process_start_time_seconds{${from}}`, each]],
      },
      {
        title: 'Versions',
        good: 'One, but during a deployment.',
        unit: 'short',
        series: [[`count by (service_version) (target_info{${from}})`, '{{service_version}}']],
      },
      {
        title: 'Certificates end in',
        good: 'More than two days; with one process there may be none.',
        unit: 's',
        series: [
          [
            `min by (process, fissile_certificate) (fissile_certificate_expiry_timestamp_seconds{${from}}) - time()`,
            '{{process}} {{fissile_certificate}}',
          ],
        ],
      },
      {
        title: 'Spans that no collector took',
        good: 'Zero; empty while nothing is traced.',
        unit: 'ops',
        series: [
          [`${perSecond('fissile_spans_lost_total', from, 'process, error_type')}`, '{{process}} {{error_type}}'],
        ],
      },
    ],
  },
};
