/** The notes of the library, as the tests of transactions want them. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { libraryDatabase, type TestDatabase } from './postgres.ts';

export interface Notebook {
  readonly test: TestDatabase;
  readonly insert: (id: number, text?: string) => Promise<unknown>;
  /** The rows that others see, in the order of the ids. */
  readonly stored: () => Promise<number[]>;
}

export const uniqueViolation = { code: '23505' };

/** Fresh for each file, empty for each test. */
export function notebook(): Notebook {
  let test: TestDatabase | undefined;
  const open = () => {
    if (!test) throw new Error('The database is there within tests only.');
    return test;
  };
  beforeAll(async () => {
    test = await libraryDatabase();
  });
  afterAll(() => test?.drop());
  beforeEach(() => open().sql('TRUNCATE library.notes'));
  return {
    get test() {
      return open();
    },
    insert: (id, text = 'x') => open().database.query('INSERT INTO notes (id, text) VALUES ($1, $2)', [id, text]),
    stored: async () =>
      (await open().sql('SELECT id FROM library.notes ORDER BY id')).rows.map(({ id }) => id as number),
  };
}
