import { objectives, recorded } from '../objectives.ts';
import { type Dashboard, from, modules, perSecond, quantile, share } from '../panels.ts';

const requests = 'http_server_request_duration_seconds';
const ofClients = modules() + ',fissile_ingress="public",http_route=~"/v1/.+"';

export const overview: Dashboard = {
  id: 'overview',
  title: 'Overview',
  purpose: 'Whether all is well, on one page: the golden signals of each module, in one process or in many.',
  rows: {
    Promises: objectives.map((objective) => ({
      title: `${objective.name}: budget spent`,
      good: `Below 1: over the last hour fewer than ${objective.budget * 100} % of ${objective.summary.replace(/^(\w+)/, 'all $1 were bad: $1')}.`,
      unit: 'none',
      series: [
        [`${recorded(objective, '1h')} / ${objective.budget}`, '1 hour'],
        [`${recorded(objective, '6h')} / ${objective.budget}`, '6 hours'],
      ],
      isFigure: true,
    })),
    'Golden signals by module': [
      {
        title: 'Requests',
        good: 'Follows the hours of the day; a step without a cause outside is worth a look.',
        unit: 'reqps',
        series: [[perSecond(`${requests}_count`, ofClients, 'fissile_module'), '{{fissile_module}}']],
      },
      {
        title: 'Errors',
        good: 'Zero, or far below 0.1 %: only answers of 500 and above are counted here.',
        unit: 'percentunit',
        series: [
          [
            share(
              perSecond(`${requests}_count`, `${ofClients},http_response_status_code=~"5.."`, 'fissile_module'),
              perSecond(`${requests}_count`, ofClients, 'fissile_module'),
            ),
            '{{fissile_module}}',
          ],
        ],
      },
      {
        title: 'Latency, 99th percentile',
        good: 'Below half a second, but for orders, whose clients may ask to wait until they are paid.',
        unit: 's',
        series: [[quantile(0.99, requests, ofClients, 'fissile_module'), '{{fissile_module}}']],
        hasExemplars: true,
      },
      {
        title: 'Latency, median',
        good: 'Tens of milliseconds, and flat: it moves only when something is slow for everybody.',
        unit: 's',
        series: [[quantile(0.5, requests, ofClients, 'fissile_module'), '{{fissile_module}}']],
        hasExemplars: true,
      },
      {
        title: 'Requests being answered',
        good: 'Small and without a trend: a rising line is a queue.',
        unit: 'short',
        series: [[`sum by (process) (http_server_active_requests{${from}})`, '{{process}}']],
      },
      {
        title: 'Refused for overload',
        good: 'Zero: above it, more is asked than the processes can do, and they refuse early.',
        unit: 'percentunit',
        series: [[`max by (process) (fissile_admission_refused_ratio{${from}})`, '{{process}}']],
      },
    ],
    'What must stay at zero': [
      {
        title: 'Processes that Prometheus does not reach',
        good: 'Zero.',
        unit: 'short',
        series: [[`sum(1 - up{job="fissile",${from}})`, 'not reached']],
        isFigure: true,
      },
      {
        title: 'Dead letters and stuck sagas',
        good: 'Zero of both: each one waits for a person.',
        unit: 'short',
        series: [
          [`sum(max by (messaging_consumer_group_name) (fissile_dead_letters{${from}})) or vector(0)`, 'dead letters'],
          [
            `sum(max by (fissile_saga) (fissile_sagas{${from},fissile_saga_state="stuck"})) or vector(0)`,
            'stuck sagas',
          ],
        ],
        isFigure: true,
      },
      {
        title: 'Alerts that fire',
        good: 'Zero.',
        unit: 'short',
        series: [['sum(ALERTS{alertstate="firing"}) or vector(0)', 'firing']],
        isFigure: true,
      },
    ],
  },
};
