import type { Handler } from '#platform/contract.ts';
import type { PaymentsApi } from '../contract.ts';
import type { Payments } from '../domain/payments.ts';
import { paymentView } from './view.ts';

export function exportPersonalData(payments: Payments): Handler<typeof PaymentsApi, 'exportPersonalData'> {
  return async ({ userId }) => ({ payments: (await payments.list({ customerId: userId })).map(paymentView) });
}
