import type { Outbox } from '#platform/outbox.ts';
import type { saleClosed } from '../../sales/contract.ts';
import { billPaid } from '../contract.ts';
import type { Bills } from '../domain/bills.ts';

type Payload = (typeof saleClosed)['payload']['_output'];

export const closeBill = (bills: Bills, outbox: Outbox) => async ({ saleId }: Payload) => {
  const billId = await bills.close(saleId);
  outbox.add(billPaid, { billId, paidAt: '2030-01-01T00:00:00Z' });
};
