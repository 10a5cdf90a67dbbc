import { z } from 'zod';
import { api, errors, event, query } from '#platform/contract.ts';

export const PeopleErrors = errors('people', { personNotFound: ['not-found', 'There is no such person.'] });

export const Person = z.object({ id: z.uuid(), name: z.string() });

export const PeopleApi = api('people', {
  getPerson: query(1, { input: z.object({ id: z.uuid() }), output: Person, errors: [PeopleErrors.personNotFound] }),
  listPeople: query(1, { input: z.object({ limit: z.int().positive() }), output: z.object({ people: z.array(Person) }), errors: [] }),
});

export const personLeft = event('people.person-left', 1, {
  key: 'personId',
  payload: z.object({ personId: z.uuid(), leftAt: z.iso.datetime() }),
});
