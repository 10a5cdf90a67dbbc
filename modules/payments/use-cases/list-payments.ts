import type { Handler } from '#platform/contract.ts';
import { pageOf } from '#platform/pages.ts';
import type { PaymentsApi } from '../contract.ts';
import type { Payments } from '../domain/payments.ts';
import { paymentView } from './view.ts';

/** Newest first. The cursor is the last payment of the page before: ids rise with time. */
export function listPayments(payments: Payments): Handler<typeof PaymentsApi, 'listPayments'> {
  return async ({ orderId, customerId, cursor, limit }) => {
    const found = await payments.list({ orderId, customerId, before: cursor, limit: limit + 1 });
    return pageOf(limit, found.map(paymentView), ({ id }) => id);
  };
}
