import type { People, Person } from '../domain/people.ts';

export const inMemoryPeople = (people: readonly Person[]): People => ({
  find: async (id) => people.find((person) => person.id === id),
});
