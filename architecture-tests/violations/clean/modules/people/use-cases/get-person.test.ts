import { expect, it } from 'vitest';
import { inMemoryPeople } from '../testing/in-memory-people.ts';
import { getPerson } from './get-person.ts';

it('finds a person', async () => {
  expect(await getPerson(inMemoryPeople([{ id: '1', name: 'Ada' }]))('1')).toMatchObject({ name: 'Ada' });
});
