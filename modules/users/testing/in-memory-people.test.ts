import { describe } from 'vitest';
import { inMemoryPeople } from './in-memory-people.ts';
import { peopleContract } from './people-contract.ts';

describe('people in memory', () => {
  peopleContract(async () => {
    const { announced, ...ports } = inMemoryPeople();
    return { ...ports, announced: async () => announced.map(({ name }) => name) };
  });
});
