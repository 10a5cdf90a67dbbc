/** A library that lends a book under an idempotency key, with its own database. */
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { z } from 'zod';
import { gateway, LibraryApi } from '../../../../tests/support/gateway.ts';
import { libraryDatabase, type TestDatabase } from '../../../../tests/support/postgres.ts';
import { errors } from '#platform/errors.ts';
import { endpoint, type Endpoint } from '#platform/endpoint.ts';

export const LibraryErrors = errors('library', {
  bookLent: ['conflict', 'The book is lent.'],
  closed: ['unavailable', 'The library is closed.'],
});
const Loan = z.object({ book: z.string().max(50), days: z.int().default(14) });

type Handle = (book: string) => Promise<{ status: number; body: unknown }>;

interface Lending {
  readonly handle?: Handle;
  readonly settle?: Endpoint['settle'];
}

/** For the tests of one file: the database is there while they run, and empty when each begins. */
export function lendingLibrary() {
  let library: TestDatabase;
  beforeAll(async () => {
    library = await libraryDatabase();
  });
  afterAll(() => library.drop());
  beforeEach(() => library.database.query('TRUNCATE library.loans, library.idempotency_keys'));

  const loans = async () =>
    (await library.database.query('SELECT book FROM library.loans ORDER BY id')).rows.map(({ book }) => book);
  const lend = async (book: string) => {
    const { rows } = await library.database.query<{ id: number }>(
      'INSERT INTO library.loans (book) VALUES ($1) RETURNING id',
      [book],
    );
    return { status: 201, body: { id: rows[0]!.id, book }, headers: { location: `/v1/loans/${rows[0]!.id}` } };
  };

  /** `POST /v1/loans`, which lends unless the test says what else it does. */
  function lending({ handle = lend, settle }: Lending = {}) {
    const { http, log, metrics } = gateway(
      [
        endpoint(LibraryApi, 'POST /v1/loans', {
          summary: 'Borrow a book',
          access: 'anyone',
          idempotent: true,
          body: Loan,
          query: z.object({ branch: z.string().optional() }),
          answers: { status: 201, body: z.unknown() },
          errors: Object.values(LibraryErrors),
          handle: ({ body }) => handle(body.book),
          ...(settle && { settle: settle as never }),
        }),
      ],
      // Tests say with X-Forwarded-For who comes from where.
      { database: library.database, settings: { trustProxy: 1 } },
    );
    return {
      log,
      metrics,
      borrow: (
        key: string,
        body: object = { book: 'Emma' },
        headers: Record<string, string> = {},
        path = '/v1/loans',
      ) =>
        http
          .post(path)
          .set({ 'Idempotency-Key': key, ...headers })
          .send(body),
    };
  }

  /** A handler that waits for the test to let it go on. */
  function held(then: Handle = lend) {
    const started = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const handle = async (book: string) => {
      started.resolve();
      await go.promise;
      return then(book);
    };
    return { handle, started: started.promise, goOn: () => go.resolve() };
  }

  return {
    get database() {
      return library.database;
    },
    sql: (text: string, values?: readonly unknown[]) => library.sql(text, values),
    loans,
    lend,
    lending,
    held,
  };
}
