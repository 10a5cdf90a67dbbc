import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Sagas } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import { OrdersErrors, type OrdersApi } from '../contract.ts';
import type { Orders } from '../domain/orders.ts';
import { stopOrder } from './stop-order.ts';

const byCustomer = { code: 'orders.cancelled-by-customer', message: 'The customer cancelled the order.' };
const byShop = { code: 'orders.cancelled-by-shop', message: 'The shop cancelled the order.' };

export function cancelOrder(
  transaction: Transaction,
  orders: Orders,
  outbox: Outbox,
  sagas: Sagas,
  audit: Audit,
  clock: Clock,
): Handler<typeof OrdersApi, 'cancelOrder'> {
  const recorded = recordedActs(transaction, audit);
  const stop = stopOrder(transaction, orders, outbox, sagas, clock);
  return async ({ orderId, customerId }) => {
    const cancel = async () => {
      const order = await stop(orderId, customerId === undefined ? byShop : byCustomer, customerId);
      if (!order) throw OrdersErrors.orderNotFound();
      return order;
    };
    // A customer cancels what is their own; staff answers for it.
    return customerId === undefined ? recorded({ act: 'orders.cancel-order', target: orderId }, cancel) : cancel();
  };
}
