import { expect, it } from 'vitest';
import { testDatabase } from '../../tests/support/postgres.ts';

it('asks the clock of the database about the sale', () => {
  expect(testDatabase('sales')).toBeDefined();
});
