import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../tests/support/postgres.ts';

let test: TestDatabase;

beforeAll(async () => {
  test = await testDatabase('orders');
  await test.sql('CREATE TABLE orders.notes (id int PRIMARY KEY, text text, amount bigint)');
  await test.sql('GRANT ALL ON orders.notes TO PUBLIC');
});
afterAll(() => test.drop());
beforeEach(() => test.sql('TRUNCATE orders.notes'));

const insert = (id: number, text = 'x') => test.database.query('INSERT INTO notes (id, text) VALUES ($1, $2)', [id, text]);
const stored = async () => (await test.sql('SELECT id FROM orders.notes ORDER BY id')).rows.map(({ id }) => id as number);

describe('a transaction', () => {
  it('keeps what its work wrote when the work resolves', async () => {
    await test.database.transaction(async () => {
      await insert(1);
      await insert(2);
    });
    expect(await stored()).toEqual([1, 2]);
  });
  it('keeps nothing when the work rejects', async () => {
    await expect(
      test.database.transaction(async () => {
        await insert(1);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await stored()).toEqual([]);
  });
});
