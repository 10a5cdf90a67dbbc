import type { SalesApi } from '../../sales/contract.ts';
import { PeopleErrors } from '../contract.ts';
import type { People } from '../domain/people.ts';

export const getPerson = (people: People) => async (id: string) => {
  const person = await people.find(id);
  if (!person) throw PeopleErrors.personNotFound();
  return person;
};

type Sell = typeof SalesApi.sell;
