import type { Handler } from '#platform/contract.ts';
import { wholeOrPage } from '#platform/pages.ts';
import type { PaymentsApi } from '../contract.ts';
import type { Payments } from '../domain/payments.ts';
import { paymentView } from './view.ts';

export function exportPersonalData(payments: Payments): Handler<typeof PaymentsApi, 'exportPersonalData'> {
  return async ({ userId, cursor, limit }) => {
    const list = async (most: number) =>
      (await payments.list({ customerId: userId, before: cursor, limit: most })).map(paymentView);
    const { data, nextCursor } = await wholeOrPage(limit, list, ({ id }) => id);
    return { payments: data, nextCursor };
  };
}
