import { type Dashboard, modules, perSecond, quantile } from '../panels.ts';

const pool = 'db_client_connection_pool_name';
const ofModules = modules(pool);
const byPool = `{{process}} {{${pool}}}`;
const statements = 'db_client_operation_duration_seconds';

export const database: Dashboard = {
  id: 'database',
  title: 'Database',
  purpose: 'Connections of each module to its database, and what its statements take.',
  rows: {
    Pools: [
      {
        title: 'Connections in use',
        good: 'Below the limit of its pool, with room for a peak.',
        unit: 'short',
        series: [
          [
            `sum by (process, ${pool}) (db_client_connections{${ofModules},db_client_connection_state="used"})`,
            `${byPool} used`,
          ],
          [`sum by (process, ${pool}) (db_client_connection_max{${ofModules}})`, `${byPool} limit`],
        ],
      },
      {
        title: 'Work that waits for a connection',
        good: 'Zero, or one for a moment.',
        unit: 'short',
        series: [[`sum by (process, ${pool}) (db_client_connection_pending_requests{${ofModules}})`, byPool]],
      },
      {
        title: 'Wait for a connection, 99th percentile',
        good: 'Below a millisecond.',
        unit: 's',
        series: [[quantile(0.99, 'db_client_connection_wait_time_seconds', ofModules, `process, ${pool}`), byPool]],
        hasExemplars: true,
      },
      {
        title: 'Given up for want of a connection',
        good: 'Zero.',
        unit: 'ops',
        series: [[perSecond('db_client_connection_timeouts_total', ofModules, `process, ${pool}`), byPool]],
      },
      {
        title: 'Sessions lost that mark work as owned',
        good: 'Zero: at each loss the instance starts its background work anew.',
        unit: 'ops',
        series: [
          [
            perSecond('fissile_ownership_losses_total', modules(), 'process, fissile_module'),
            '{{process}} {{fissile_module}}',
          ],
        ],
      },
      {
        title: "Clock against the database's",
        good: 'Below a tenth of a second.',
        unit: 's',
        series: [
          [
            `max by (process, fissile_module) (abs(fissile_database_clock_difference_seconds{${modules()}}))`,
            '{{process}} {{fissile_module}}',
          ],
        ],
      },
    ],
    Statements: [
      {
        title: 'Statements',
        good: 'In proportion to the requests: a steeper line is a loop around a query.',
        unit: 'ops',
        series: [[perSecond(`${statements}_count`, ofModules, pool), `{{${pool}}}`]],
      },
      {
        title: 'Latency, 99th percentile',
        good: 'Below 10 ms.',
        unit: 's',
        series: [[quantile(0.99, statements, ofModules, pool), `{{${pool}}}`]],
        hasExemplars: true,
      },
      {
        title: 'Statements that fail',
        good: 'Near zero: conflicts of transactions that are tried again are among them.',
        unit: 'ops',
        series: [
          [
            `${perSecond(`${statements}_count`, `${ofModules},error_type!=""`, `${pool}, error_type`)} or vector(0)`,
            `{{${pool}}} {{error_type}}`,
          ],
        ],
      },
      {
        title: 'Where the time goes',
        good: 'The same ten as yesterday: seconds of database per second of time.',
        unit: 's',
        series: [
          [
            `topk(10, ${perSecond(`${statements}_sum`, ofModules, `${pool}, db_operation_name, db_collection_name`)})`,
            `{{${pool}}}: {{db_operation_name}} {{db_collection_name}}`,
          ],
        ],
      },
    ],
  },
};
