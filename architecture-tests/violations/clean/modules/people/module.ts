import { Clock } from '#platform/clock.ts';
import { Database } from '#platform/database.ts';
import { Outbox } from '#platform/outbox.ts';
import { defineModule, use } from '#platform/module.ts';
import { PeopleApi, personLeft } from './contract.ts';
import { People } from './domain/people.ts';
import { peopleEndpoints } from './http/endpoints.ts';
import { storedPeople } from './persistence/stored-people.ts';
import { getPerson } from './use-cases/get-person.ts';
import { leave } from './use-cases/leave.ts';

export default defineModule('people', {
  offers: PeopleApi,
  publishes: [personLeft],
  ports(bind) {
    bind(People).toResolvedValue(storedPeople, [Database]);
  },
  operations: { getPerson: use(getPerson, [People]), leave: use(leave, [Outbox, Clock]) },
  endpoints: peopleEndpoints,
});
