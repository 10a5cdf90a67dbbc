import type { PeopleApi } from '../../people/contract.ts';
import { randomUUID } from 'node:crypto';
import type { Bills, Provider } from '../domain/bills.ts';

export const bill = (bills: Bills, provider: Provider) => async () => {
  const billId = randomUUID();
  await bills.add(billId);
  await provider.send(billId);
  return { billId };
};

type GetPerson = typeof PeopleApi.getPerson;
