import { type Dashboard, from, modules, perSecond, quantile, share } from '../panels.ts';

const pair = 'fissile_caller, fissile_module';
const who = '{{fissile_caller}} → {{fissile_module}}';
const calls = perSecond('fissile_calls_total', modules(), pair);
const remote = 'rpc_client_call_duration_seconds';
const served = 'rpc_server_call_duration_seconds';
const out = 'http_client_request_duration_seconds';
const toWhom = 'fissile_module, server_address';
const asker = '{{fissile_module}} {{server_address}}';
const asked = perSecond(`${out}_count`, from, toWhom);

export const callsDashboard: Dashboard = {
  id: 'calls',
  title: 'Calls',
  purpose: 'Who calls whom, within a process and between processes. The module is the one that is called.',
  rows: {
    'Who calls whom': [
      {
        title: 'Calls',
        good: 'In proportion to the requests: more of them for the same requests is a change of the code.',
        unit: 'ops',
        series: [[calls, who]],
      },
      {
        title: 'Calls that fail',
        good: 'Near zero; refusals that belong to the business (not found, conflict) are counted too.',
        unit: 'percentunit',
        series: [[share(perSecond('fissile_call_failures_total', modules(), pair), calls), who]],
      },
      {
        title: 'Latency, 99th percentile',
        good: 'Below 100 ms, except where a payment provider is waited for; one call in 16 is timed.',
        unit: 's',
        series: [[quantile(0.99, 'fissile_call_duration_seconds', modules(), pair), who]],
        hasExemplars: true,
      },
      {
        title: 'Failures by kind',
        good: 'No line for unavailable, internal or deadline-exceeded.',
        unit: 'ops',
        series: [
          [
            perSecond('fissile_call_failures_total', modules(), 'fissile_module, error_type'),
            '{{fissile_module}}: {{error_type}}',
          ],
        ],
      },
      {
        title: 'Busiest operations',
        good: 'The same ten as yesterday.',
        unit: 'ops',
        series: [
          [
            `topk(10, ${perSecond('fissile_calls_total', modules(), 'fissile_module, fissile_operation')})`,
            '{{fissile_operation}}',
          ],
        ],
      },
      {
        title: 'Slowest operations, 99th percentile',
        good: 'The same ten as yesterday, none above a second.',
        unit: 's',
        series: [
          [
            `topk(10, ${quantile(0.99, 'fissile_call_duration_seconds', modules(), 'fissile_operation')} >= 0)`,
            '{{fissile_operation}}',
          ],
        ],
        hasExemplars: true,
      },
    ],
    'Between processes (with one process these are empty)': [
      {
        title: 'Calls that left their process, 99th percentile',
        good: 'Within a few milliseconds of what the callee says beside it: the rest is the network.',
        unit: 's',
        series: [[quantile(0.99, remote, modules(), pair), who]],
        hasExemplars: true,
      },
      {
        title: 'Calls from other processes, 99th percentile',
        good: 'Below 100 ms, except where a payment provider is waited for.',
        unit: 's',
        series: [[quantile(0.99, served, modules(), 'fissile_module'), '{{fissile_module}}']],
        hasExemplars: true,
      },
      {
        title: 'Answers by status',
        good: 'OK far above all others; UNAVAILABLE and DEADLINE_EXCEEDED at zero.',
        unit: 'ops',
        series: [
          [
            perSecond(`${remote}_count`, modules(), 'fissile_module, rpc_response_status_code'),
            '{{fissile_module}} {{rpc_response_status_code}}',
          ],
        ],
      },
      {
        title: 'Circuit breakers that are not closed',
        good: 'Zero: at 1 a module is cut off, and requests that need it are answered 503.',
        unit: 'short',
        series: [
          [
            `max by (process, fissile_module, network_protocol_name) (fissile_circuit_breaker{${modules()},fissile_breaker_state!="closed"})`,
            '{{process}} → {{fissile_module}} ({{network_protocol_name}})',
          ],
        ],
      },
      {
        title: 'Calls under way',
        good: 'Small and without a trend.',
        unit: 'short',
        series: [
          [
            `sum by (process, fissile_module) (fissile_remote_calls_active{${modules()}})`,
            '{{process}} → {{fissile_module}}',
          ],
        ],
      },
    ],
    'Over HTTP, to modules elsewhere and to providers': [
      {
        title: 'Requests',
        good: 'To modules in proportion to the requests of clients, to a payment provider in proportion to the orders.',
        unit: 'reqps',
        series: [[asked, asker]],
      },
      {
        title: 'Requests that fail',
        good: 'Near zero; those that were refused (404, 409) are counted too. Of a provider: what it has broken or refused.',
        unit: 'percentunit',
        series: [[share(perSecond(`${out}_count`, `${from},error_type!=""`, toWhom), asked), asker]],
      },
      {
        title: 'Latency, 99th percentile',
        good: 'What a module says itself, and a few milliseconds; below a second for a payment provider.',
        unit: 's',
        series: [[quantile(0.99, out, from, toWhom), asker]],
        hasExemplars: true,
      },
    ],
  },
};
