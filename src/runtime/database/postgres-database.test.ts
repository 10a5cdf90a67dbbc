/** Values and statements on their way to PostgreSQL and back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, libraryDatabase } from '../../../tests/support/postgres.ts';

let test: TestDatabase;

beforeAll(async () => {
  test = await libraryDatabase();
  await test.sql('CREATE TABLE library.large (amount bigint, amounts bigint[], at timestamptz)');
  await test.sql('GRANT ALL ON library.large TO PUBLIC');
});
afterAll(() => test.drop());

describe('a value', () => {
  it('of BIGINT is a number, alone and in an array', async () => {
    const { rows } = await test.database.query(
      'INSERT INTO large VALUES ($1, $2) RETURNING amount, amounts, (SELECT count(*) FROM outbox) AS count',
      [Number.MAX_SAFE_INTEGER, [1, 2]],
    );
    expect(rows).toEqual([{ amount: Number.MAX_SAFE_INTEGER, amounts: [1, 2], count: 0 }]);
  });

  it('of BIGINT that a number cannot hold is refused instead of changed', async () => {
    await expect(test.database.query('SELECT 9007199254740993 AS amount')).rejects.toThrow(RangeError);
    await expect(test.database.query('SELECT 1 AS one')).resolves.toMatchObject({ rows: [{ one: 1 }] });
  });

  it('of TIMESTAMPTZ is a Date', async () => {
    const at = new Date('2030-01-01T12:00:00.123Z');
    const { rows } = await test.database.query('INSERT INTO large (at) VALUES ($1) RETURNING at', [at]);
    expect(rows).toEqual([{ at }]);
  });

  it('that cannot be sent fails alone: the same statement works with the next one', async () => {
    const statement = 'SELECT $1::jsonb AS value';
    await expect(test.database.query(statement, [{ value: 1n }])).rejects.toThrow(TypeError);
    expect((await test.database.query(statement, [{ value: 1 }])).rows).toEqual([{ value: { value: 1 } }]);
    const failing = test.database.transaction(() => test.database.query(statement, [{ value: 1n }]));
    await expect(failing).rejects.toThrow(TypeError);
    await test.database.transaction(async () => {
      expect((await test.database.query(statement, [{ value: 2 }])).rows).toEqual([{ value: { value: 2 } }]);
    });
  });
});

describe('a statement', () => {
  it('is prepared once on its connection', async () => {
    const count = () =>
      test.database.query<{ count: number }>(
        "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT $1::int %'",
      );
    const counted = await test.database.transaction(async () => {
      for (let run = 0; run < 3; run++) await test.database.query('SELECT $1::int + 1', [run]);
      return count();
    });
    expect(counted.rows).toEqual([{ count: 1 }]);
  });

  it('reads the tables of its own schema without naming it', async () => {
    await expect(test.database.query('SELECT count(*) FROM outbox')).resolves.toMatchObject({ rows: [{ count: 0 }] });
  });
});
