import { type Dashboard, from, modules, perSecond, quantile, within } from '../panels.ts';

const subscription = 'messaging_consumer_group_name';
const toSubscription = `{{${subscription}}}`;

export const eventsAndSagas: Dashboard = {
  id: 'events-and-sagas',
  title: 'Events and sagas',
  purpose: 'Whether events arrive and sagas end. The module of an event is the one that reacts to it.',
  rows: {
    Outbox: [
      {
        title: 'Age of the oldest event that waits',
        good: 'Below a second or two, whatever the load.',
        unit: 's',
        series: [[`max by (fissile_module) (fissile_outbox_lag_seconds{${modules()}})`, '{{fissile_module}}']],
      },
      {
        title: 'Events that wait',
        good: 'Back near zero after each peak.',
        unit: 'short',
        series: [[`max by (fissile_module) (fissile_outbox_pending_events{${modules()}})`, '{{fissile_module}}']],
      },
      {
        title: 'Events announced',
        good: 'In proportion to the orders and registrations.',
        unit: 'ops',
        series: [
          [
            perSecond('fissile_events_total', within('messaging_destination_name'), 'messaging_destination_name'),
            '{{messaging_destination_name}}',
          ],
        ],
      },
    ],
    'By subscription': [
      {
        title: 'From commit to reaction, 99th percentile',
        good: 'Below a second.',
        unit: 's',
        series: [
          [
            quantile(0.99, 'fissile_event_delivery_duration_seconds', within(subscription), subscription),
            toSubscription,
          ],
        ],
        hasExemplars: true,
      },
      {
        title: 'One try of a reaction, 99th percentile',
        good: 'Tens of milliseconds: it is a transaction in its own database.',
        unit: 's',
        series: [
          [quantile(0.99, 'messaging_process_duration_seconds', within(subscription), subscription), toSubscription],
        ],
        hasExemplars: true,
      },
      {
        title: 'Failed deliveries',
        good: 'Zero; retried ones after a restart are nothing to worry about, dead ones are.',
        unit: 'ops',
        series: [
          [
            `${perSecond('fissile_event_delivery_failures_total', within(subscription), `${subscription}, fissile_outcome`)} or vector(0)`,
            `${toSubscription} {{fissile_outcome}}`,
          ],
        ],
      },
      {
        title: 'Dead letters',
        good: 'Zero.',
        unit: 'short',
        series: [
          [`max by (${subscription}) (fissile_dead_letters{${within(subscription)}}) or vector(0)`, toSubscription],
        ],
      },
    ],
    'Broker (with one process these are empty)': [
      {
        title: 'Messages sent and confirmed',
        good: 'Two lines that lie on each other.',
        unit: 'ops',
        series: [
          [perSecond('messaging_client_sent_messages_total', from, 'process'), '{{process}} sent'],
          [perSecond('fissile_broker_confirmed_messages_total', from, 'process'), '{{process}} confirmed'],
        ],
      },
      {
        title: 'Not yet confirmed, and delivered again',
        good: 'Near zero, but for a moment after a restart.',
        unit: 'short',
        series: [
          [`sum by (process) (fissile_broker_unconfirmed_messages{${from}})`, '{{process}} unconfirmed'],
          [perSecond('fissile_broker_redelivered_messages_total', from, 'process'), '{{process}} redelivered a second'],
        ],
      },
      {
        title: 'Connected to the broker',
        good: '1 for each process.',
        unit: 'short',
        series: [[`min by (process) (fissile_broker_connected{${from}})`, '{{process}}']],
      },
    ],
    Sagas: [
      {
        title: 'Sagas that have not ended',
        good: 'As many as are asked for at the moment, none undone for long and none stuck.',
        unit: 'short',
        series: [
          [
            `max by (fissile_saga, fissile_saga_state) (fissile_sagas{${within('fissile_saga')}})`,
            '{{fissile_saga}} {{fissile_saga_state}}',
          ],
        ],
      },
      {
        title: 'From start to end, 99th percentile',
        good: 'Below five seconds for orders.checkout.',
        unit: 's',
        series: [
          [
            quantile(
              0.99,
              'fissile_saga_duration_seconds',
              within('fissile_saga'),
              'fissile_saga, fissile_saga_outcome',
            ),
            '{{fissile_saga}} {{fissile_saga_outcome}}',
          ],
        ],
        hasExemplars: true,
      },
      {
        title: 'One try of a step, 99th percentile',
        good: 'What the slowest call of the step takes.',
        unit: 's',
        series: [
          [
            quantile(
              0.99,
              'fissile_saga_step_duration_seconds',
              within('fissile_saga'),
              'fissile_saga, fissile_saga_step, fissile_saga_direction',
            ),
            '{{fissile_saga_direction}} {{fissile_saga}} {{fissile_saga_step}}',
          ],
        ],
        hasExemplars: true,
      },
      {
        title: 'Steps tried again',
        good: 'Zero: above it, what the step calls is away or slow.',
        unit: 'ops',
        series: [
          [
            `${perSecond('fissile_saga_step_retries_total', within('fissile_saga'), 'fissile_saga, fissile_saga_step')} or vector(0)`,
            '{{fissile_saga}} {{fissile_saga_step}}',
          ],
        ],
      },
    ],
  },
};
