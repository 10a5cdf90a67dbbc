import { type Dashboard, from, perSecond, quantile, share } from '../panels.ts';

const counted = (metric: string) => `sum(increase(${metric}{${from}}[$__rate_interval]))`;
const checkout = `${from},fissile_saga="orders.checkout"`;

export const business: Dashboard = {
  id: 'business',
  title: 'Business',
  purpose: 'What the shop does: counted by the events that the modules announce, in whatever process they run.',
  rows: {
    Orders: [
      {
        title: 'Orders',
        good: 'Paid lies on placed, a few seconds later; the rest is cancelled.',
        unit: 'short',
        series: [
          [counted('orders_placed_total'), 'placed'],
          [counted('orders_paid_total'), 'paid'],
          [counted('orders_cancelled_total'), 'cancelled'],
        ],
      },
      {
        title: 'Cancelled, by reason',
        good: 'Few, and mostly by the customers themselves.',
        unit: 'short',
        series: [[`sum by (reason) (increase(orders_cancelled_total{${from}}[$__rate_interval]))`, '{{reason}}']],
      },
      {
        title: 'Paid of those placed',
        good: 'As yesterday: a drop is a provider or a price that scares people away.',
        unit: 'percentunit',
        series: [[share(counted('orders_paid_total'), counted('orders_placed_total')), 'paid']],
      },
      {
        title: 'From placed to decided',
        good: 'The 99th percentile below five seconds.',
        unit: 's',
        series: [
          [
            quantile(0.5, 'fissile_saga_duration_seconds', checkout, 'fissile_saga_outcome'),
            'median {{fissile_saga_outcome}}',
          ],
          [
            quantile(0.99, 'fissile_saga_duration_seconds', checkout, 'fissile_saga_outcome'),
            '99th {{fissile_saga_outcome}}',
          ],
        ],
        hasExemplars: true,
      },
    ],
    Money: [
      {
        title: 'Money taken, a second',
        good: 'In proportion to the paid orders. In hundredths of the currency (its minor unit).',
        unit: 'short',
        series: [[perSecond('payments_captured_minor_units_total', from, 'currency'), '{{currency}}']],
      },
      {
        title: 'Money given back, a second',
        good: 'In proportion to the orders cancelled after they were paid, and never above what is taken for long.',
        unit: 'short',
        series: [[perSecond('payments_refunded_minor_units_total', from, 'currency'), '{{currency}}']],
      },
      {
        title: 'Requests refused for their idempotency key',
        good: 'Near zero: above it, a client sends the same key for different requests, or does not wait for its answer.',
        unit: 'ops',
        series: [
          [
            `${perSecond('fissile_idempotency_key_conflicts_total', from, 'fissile_module, fissile_reason')} or vector(0)`,
            '{{fissile_module}} {{fissile_reason}}',
          ],
        ],
      },
    ],
  },
};
