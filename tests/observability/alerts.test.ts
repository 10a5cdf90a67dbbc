/** The alerts of deploy/observability/rules.yml: each fires when it should, and is silent when it should be. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { faultOf, promtool, rules, type Series, withoutPrometheus } from '../support/promtool.ts';

const root = join(import.meta.dirname, '../..');
const { groups } = z
  .object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.object({
            alert: z.string().optional(),
            labels: z.object({ severity: z.string() }).optional(),
            annotations: z.object({ summary: z.string(), runbook_url: z.string() }).optional(),
          }),
        ),
      }),
    ),
  })
  .parse(parse(readFileSync(rules, 'utf8')));
const alerts = groups.flatMap((group) => group.rules).filter(({ alert }) => alert !== undefined);

/** A counter that grows for so many steps by so much each, then for so many by so much. */
function counter(...pieces: readonly (readonly [minutes: number, perMinute: number])[]): number[] {
  const values = [0];
  for (const [minutes, perMinute] of pieces)
    for (let minute = 0; minute < minutes; minute++) values.push(values.at(-1)! + perMinute);
  return values;
}
const steady = (value: number, minutes = 60): number[] => Array.from({ length: minutes + 1 }, () => value);

const hour = 60;
const calm = 6 * hour;
/** Steps are a quarter of an hour where days are told, which takes promtool a tenth of the time. */
const quarter = 15;
const day = 96;

const requests = 'http_server_request_duration_seconds';
const labels = 'fissile_ingress="public",http_route="/v1/products"';
type Pieces = readonly (readonly [minutes: number, perMinute: number])[];
const answers = (good: Pieces, failed: Pieces): Series => ({
  [`${requests}_count{${labels},http_response_status_code="200"}`]: counter(...good),
  [`${requests}_count{${labels},http_response_status_code="503"}`]: counter(...failed),
});
const latencies = (all: Pieces, quick: Pieces): Series => ({
  [`${requests}_count{${labels},http_response_status_code="200"}`]: counter(...all),
  [`${requests}_bucket{${labels},http_response_status_code="200",le="0.5"}`]: counter(...quick),
});
const checkouts = (placed: Pieces, inTime: Pieces): Series => ({
  'orders_placed_total{process="orders-1"}': counter(...placed),
  'fissile_saga_duration_seconds_bucket{process="orders-1",fissile_saga="orders.checkout",fissile_saga_outcome="completed",le="5"}':
    counter(...inTime),
});

interface Case {
  readonly when: string;
  readonly series: Series;
  /** Steps; an hour unless said. */
  readonly after?: number;
  /** Minutes; one unless said. */
  readonly step?: number;
  /** Nothing unless said. */
  readonly fires?: string;
}

const cases: Record<string, readonly Case[]> = {
  ApiUnavailable: [
    {
      when: 'a twentieth of the requests fails for 25 minutes',
      series: answers(
        [
          [calm, 1000],
          [25, 950],
        ],
        [
          [calm, 0],
          [25, 50],
        ],
      ),
      after: calm + 25,
      fires: 'ApiUnavailable page',
    },
    {
      when: 'all fail, and no series but that of failures exists',
      series: { [`${requests}_count{${labels},http_response_status_code="503"}`]: counter([10, 100]) },
      after: 10,
      fires: 'ApiUnavailable page',
    },
    {
      when: 'few fail, but day after day',
      series: answers([[2 * day, 1000]], [[2 * day, 4]]),
      after: 2 * day,
      step: quarter,
      fires: 'ApiUnavailable ticket',
    },
    { when: 'one in 2000 fails', series: answers([[3 * day, 2000]], [[3 * day, 1]]), after: 3 * day, step: quarter },
    {
      when: 'it was ten minutes of a twentieth',
      series: answers(
        [
          [calm, 1000],
          [10, 950],
        ],
        [
          [calm, 0],
          [10, 50],
        ],
      ),
      after: calm + 10,
    },
    {
      when: 'it is over for forty minutes',
      series: answers(
        [
          [calm, 1000],
          [20, 800],
          [40, 1000],
        ],
        [
          [calm, 0],
          [20, 200],
          [40, 0],
        ],
      ),
      after: calm + 60,
    },
    { when: 'nobody asks', series: answers([[hour, 0]], [[hour, 0]]) },
    {
      when: 'modules behind a gateway fail, and the gateway answers all the same',
      series: {
        ...answers([[hour, 1000]], [[hour, 0]]),
        [`${requests}_count{fissile_ingress="gateway",http_route="/v1/products",http_response_status_code="500"}`]:
          counter([hour, 900]),
      },
    },
    {
      when: 'probes are answered 503 by a process that drains',
      series: {
        [`${requests}_count{fissile_ingress="public",http_route="/readyz",http_response_status_code="503"}`]: counter([
          hour,
          60,
        ]),
      },
    },
  ],
  ApiSlow: [
    {
      when: 'half of the requests are slow for 25 minutes',
      series: latencies(
        [
          [calm, 1000],
          [25, 1000],
        ],
        [
          [calm, 1000],
          [25, 500],
        ],
      ),
      after: calm + 25,
      fires: 'ApiSlow page',
    },
    {
      when: 'a twentieth is slow, day after day',
      series: latencies([[2 * day, 1000]], [[2 * day, 950]]),
      after: 2 * day,
      step: quarter,
      fires: 'ApiSlow ticket',
    },
    {
      when: 'one in 200 is slow',
      series: latencies([[3 * day, 1000]], [[3 * day, 995]]),
      after: 3 * day,
      step: quarter,
    },
    {
      when: 'those who place orders wait until they are paid',
      series: {
        [`${requests}_count{fissile_ingress="public",http_route="/v1/orders"}`]: counter([hour, 100]),
        [`${requests}_bucket{fissile_ingress="public",http_route="/v1/orders",le="0.5"}`]: counter([hour, 0]),
      },
    },
  ],
  OrdersPaidLate: [
    {
      when: 'orders stop being decided',
      series: checkouts(
        [
          [calm, 100],
          [15, 100],
        ],
        [
          [calm, 100],
          [15, 0],
        ],
      ),
      after: calm + 15,
      fires: 'OrdersPaidLate page',
    },
    {
      when: 'a twentieth is late, day after day',
      series: checkouts([[2 * day, 100]], [[2 * day, 95]]),
      after: 2 * day,
      step: quarter,
      fires: 'OrdersPaidLate ticket',
    },
    {
      when: 'all are decided in time',
      series: checkouts([[3 * day, 100]], [[3 * day, 100]]),
      after: 3 * day,
      step: quarter,
    },
    {
      when: 'a recovery decides more of them than are placed',
      series: checkouts([[hour, 100]], [[hour, 150]]),
    },
  ],
  OutboxLagging: [
    {
      when: 'events wait for a quarter of an hour',
      series: { 'fissile_outbox_lag_seconds{fissile_module="orders"}': counter([15, 60]) },
      after: 15,
      fires: 'OutboxLagging page',
    },
    {
      when: 'they waited for four minutes, while the broker restarted',
      series: { 'fissile_outbox_lag_seconds{fissile_module="orders"}': [...counter([4, 60]), ...steady(0)] },
      after: 6,
    },
  ],
  DeadLetters: [
    {
      when: 'two replicas tell of the same dead letter',
      series: {
        'fissile_dead_letters{messaging_consumer_group_name="users.create-profile",process="users-1"}': steady(1),
        'fissile_dead_letters{messaging_consumer_group_name="users.create-profile",process="users-2"}': steady(1),
      },
      fires: 'DeadLetters ticket',
    },
    {
      when: 'there are none',
      series: { 'fissile_dead_letters{messaging_consumer_group_name="users.create-profile"}': steady(0) },
    },
  ],
  SagasStuck: [
    {
      when: 'one cannot be undone',
      series: { 'fissile_sagas{fissile_saga="orders.checkout",fissile_saga_state="stuck"}': steady(1) },
      fires: 'SagasStuck page',
    },
    {
      when: 'some are being undone',
      series: {
        'fissile_sagas{fissile_saga="orders.checkout",fissile_saga_state="undoing"}': steady(7),
        'fissile_sagas{fissile_saga="orders.checkout",fissile_saga_state="stuck"}': steady(0),
      },
    },
  ],
  BreakerOpen: [
    {
      when: 'a breaker is open, and tries again now and then',
      series: {
        'fissile_circuit_breaker{process="orders-1",fissile_module="payments",fissile_breaker_state="open"}':
          Array.from({ length: 10 }, (_, minute) => 1 - (minute % 2)),
        'fissile_circuit_breaker{process="orders-1",fissile_module="payments",fissile_breaker_state="half-open"}':
          Array.from({ length: 10 }, (_, minute) => minute % 2),
      },
      after: 9,
      fires: 'BreakerOpen page',
    },
    {
      when: 'it was open for a minute, during a restart',
      series: {
        'fissile_circuit_breaker{fissile_module="payments",fissile_breaker_state="open"}': [0, 1, 1, ...steady(0)],
        'fissile_circuit_breaker{fissile_module="payments",fissile_breaker_state="closed"}': [1, 0, 0, ...steady(1)],
      },
      after: 3,
    },
  ],
  PoolExhausted: [
    {
      when: 'work is given up again and again',
      series: { 'db_client_connection_timeouts_total{db_client_connection_pool_name="orders"}': counter([10, 1]) },
      after: 10,
      fires: 'PoolExhausted page',
    },
    {
      when: 'it happened an hour ago',
      series: {
        'db_client_connection_timeouts_total{db_client_connection_pool_name="orders"}': counter([5, 3], [hour, 0]),
      },
      after: 65,
    },
  ],
  EventLoopLate: [
    {
      when: 'it is late for a quarter of an hour',
      series: { 'nodejs_eventloop_delay_p99_seconds{process="orders-1"}': steady(0.4) },
      after: 15,
      fires: 'EventLoopLate ticket',
    },
    {
      when: 'it is late once a while, for garbage collection',
      series: {
        'nodejs_eventloop_delay_p99_seconds{process="orders-1"}': Array.from({ length: 61 }, (_, minute) =>
          minute % 10 === 0 ? 0.5 : 0.02,
        ),
      },
    },
  ],
  CertificateEnding: [
    {
      when: 'it ends tomorrow',
      series: { 'fissile_certificate_expiry_timestamp_seconds{fissile_certificate="peer"}': steady(86_400) },
      fires: 'CertificateEnding page',
    },
    {
      when: 'it ended',
      series: { 'fissile_certificate_expiry_timestamp_seconds{fissile_certificate="peer"}': steady(60) },
      fires: 'CertificateEnding page',
    },
    {
      when: 'it holds for four days',
      series: { 'fissile_certificate_expiry_timestamp_seconds{fissile_certificate="peer"}': steady(4 * 86_400) },
    },
    {
      when: 'a replica is renewed, and the one before it is gone',
      series: {
        'fissile_certificate_expiry_timestamp_seconds{fissile_certificate="peer",process="orders-1"}': [
          ...steady(86_400, 5),
          ...steady(7 * 86_400),
        ],
      },
    },
  ],
  NotScraped: [
    {
      when: 'one of two processes is away',
      series: {
        'up{job="fissile",process="orders-1",instance="a:1"}': steady(1),
        'up{job="fissile",process="orders-2",instance="a:2"}': steady(0),
      },
      after: 5,
      fires: 'NotScraped page',
    },
    { when: 'nothing is scraped at all', series: { 'up{job="other"}': steady(1) }, after: 5, fires: 'NotScraped page' },
    {
      when: 'a process misses one scrape',
      series: { 'up{job="fissile",process="orders-1",instance="a:1"}': [1, 1, 0, 1, 1, 1] },
      after: 3,
    },
  ],
  ClockSkewed: [
    {
      when: 'a machine is two seconds behind its database',
      series: { 'fissile_database_clock_difference_seconds{process="orders-1",fissile_module="orders"}': steady(-2) },
      fires: 'ClockSkewed ticket',
    },
    {
      when: 'it is a tenth of a second ahead',
      series: { 'fissile_database_clock_difference_seconds{process="orders-1",fissile_module="orders"}': steady(0.1) },
    },
  ],
};

/** All else is well: Prometheus reaches a process. */
const around = (name: string, minutes: number): Series =>
  name === 'NotScraped' ? {} : { 'up{job="fissile",process="gateway",instance="g:1"}': steady(1, minutes) };

describe('every alert', () => {
  it('is tested both ways below, at each of its severities', () => {
    const told = alerts.map(({ alert, labels: { severity } = { severity: '' } }) => `${alert} ${severity}`).toSorted();
    const tested = Object.values(cases).flatMap((each) => each.flatMap(({ fires }) => fires ?? []));
    expect([...new Set(tested)].toSorted()).toEqual(told);
    for (const [name, each] of Object.entries(cases))
      expect(
        each.some(({ fires }) => fires === undefined),
        name,
      ).toBe(true);
  });

  it.each(alerts.map(({ alert }) => alert!))('%s leads to a page that says what to do', (name) => {
    const urls = new Set(
      alerts.filter(({ alert }) => alert === name).map(({ annotations }) => annotations?.runbook_url),
    );
    expect([...urls]).toEqual([`docs/runbooks/${name}.md`]);
    const page = join(root, `docs/runbooks/${name}.md`);
    expect(existsSync(page)).toBe(true);
    const sections = [...readFileSync(page, 'utf8').matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(sections).toEqual(['What it means', 'How to look', 'What to do']);
  });
});

describe.skipIf(withoutPrometheus)(`rules.yml${withoutPrometheus ? ` (${withoutPrometheus})` : ''}`, () => {
  it('is right to promtool', () => {
    expect(promtool('check', 'rules', rules)).toMatchObject({ status: 0 });
  });

  describe.each(Object.entries(cases))('%s', (name, each) => {
    it.each(each.map((one) => [`${one.fires ? 'fires' : 'is silent'} when ${one.when}`, one] as const))(
      '%s',
      (_, { series, after = hour, step = 1, fires }) => {
        expect(faultOf({ ...around(name, after), ...series }, after, step, fires ? [fires] : [])).toBeUndefined();
      },
    );
  });
});
