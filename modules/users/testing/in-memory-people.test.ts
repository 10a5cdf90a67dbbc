import { describe } from 'vitest';
import { inMemoryPeople } from './in-memory-people.ts';
import { peopleSuite } from './people.suite.ts';

describe('people in memory', () => {
  peopleSuite(async () => inMemoryPeople());
});
