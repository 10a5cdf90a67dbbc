import type { Clock } from '#platform/clock.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Reaction } from '#platform/module.ts';
import type { Sagas } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { personErased } from '../../users/contract.ts';
import type { Orders } from '../domain/orders.ts';
import { stopOrder } from '../use-cases/stop-order.ts';

const customerErased = { code: 'orders.customer-erased', message: 'The customer closed the account.' };

/**
 * The law makes us keep what was sold, so orders stay, without the person. An unpaid order is not sold: nobody
 * is left to send it to, so it is cancelled first, and its stock and money go back.
 */
export function forgetPerson(
  transaction: Transaction,
  orders: Orders,
  outbox: Outbox,
  sagas: Sagas,
  clock: Clock,
): Reaction<typeof personErased> {
  const stop = stopOrder(transaction, orders, outbox, sagas, clock);
  return async ({ userId }) => {
    for (const id of await orders.forgetCustomer(userId, clock.now())) await stop(id, customerErased);
  };
}
