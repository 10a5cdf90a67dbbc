// ADR 0073
/**
 * Service level objectives, and alerts on how fast their error budgets are spent, over two windows each as in Google's SRE
 * workbook, chapter 5: the long window says that it matters, the short one that it still goes on.
 */

export interface Objective {
  /** The name of its alert and of the alert's page in docs/runbooks. */
  readonly name: string;
  /** The part that is bad, from 0 to 1, over a window; recorded as `fissile:<record>:ratio_rate<window>`. */
  readonly record: string;
  readonly bad: (window: string) => string;
  /** The part that may be bad, over 30 days. */
  readonly budget: number;
  readonly summary: string;
}

/** Requests of the API as clients see them, without probes. */
const api = 'fissile_ingress="public",http_route=~"/v1/.+"';
/** Without `/v1/orders`, where clients may ask to wait until an order is paid: OrdersPaidLate watches that. */
const quick = `${api},http_route!="/v1/orders"`;
const rate = (metric: string, labels: string, window: string) => `sum(rate(${metric}{${labels}}[${window}]))`;

export const objectives: readonly Objective[] = [
  {
    name: 'ApiUnavailable',
    record: 'api_unavailable',
    // Nothing failed where no series of failures exists, and all did where nothing else does.
    bad: (window) => {
      const all = rate('http_server_request_duration_seconds_count', api, window);
      const failed = rate(
        'http_server_request_duration_seconds_count',
        `${api},http_response_status_code=~"5.."`,
        window,
      );
      return `(${failed} or 0 * ${all}) / ${all}`;
    },
    budget: 0.001,
    summary: 'requests of the API fail',
  },
  {
    name: 'ApiSlow',
    record: 'api_slow',
    bad: (window) =>
      `1 - ${rate('http_server_request_duration_seconds_bucket', `${quick},le="0.5"`, window)} / ${rate('http_server_request_duration_seconds_count', quick, window)}`,
    budget: 0.01,
    summary: 'requests of the API take longer than half a second',
  },
  {
    name: 'OrdersPaidLate',
    record: 'orders_paid_late',
    // Against those placed, so that orders which never end count from the start. Prometheus 3 writes the bound as 5.0.
    bad: (window) =>
      `clamp_min(1 - ${rate('fissile_saga_duration_seconds_bucket', 'fissile_saga="orders.checkout",le=~"5([.]0)?"', window)} / sum(rate(orders_placed_total[${window}])), 0)`,
    budget: 0.01,
    summary: 'orders are not decided within five seconds, paid or refused',
  },
];

/** How many times faster than it lasts 30 days the budget is spent, over both windows. */
const speeds = {
  page: [
    { times: 14.4, long: '1h', short: '5m' },
    { times: 6, long: '6h', short: '30m' },
  ],
  ticket: [
    { times: 3, long: '1d', short: '2h' },
    { times: 1, long: '3d', short: '6h' },
  ],
} as const;
export const windows = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;

export const recorded = ({ record }: Objective, window: (typeof windows)[number]) =>
  `fissile:${record}:ratio_rate${window}`;

export function burns(objective: Objective, severity: keyof typeof speeds): string {
  return speeds[severity]
    .map(({ times, long, short }) => {
      const limit = Number((times * objective.budget).toPrecision(6));
      return `(${recorded(objective, long)} > ${limit} and ${recorded(objective, short)} > ${limit})`;
    })
    .join(' or ');
}
