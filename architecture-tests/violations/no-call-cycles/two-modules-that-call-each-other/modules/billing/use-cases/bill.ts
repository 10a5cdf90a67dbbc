import type { SalesApi } from '../../sales/contract.ts';
import { randomUUID } from 'node:crypto';
import type { Bills, Provider } from '../domain/bills.ts';

export const bill = (bills: Bills, provider: Provider) => async () => {
  const billId = randomUUID();
  await bills.add(billId);
  await provider.send(billId);
  return { billId };
};

type Sell = typeof SalesApi.sell;
