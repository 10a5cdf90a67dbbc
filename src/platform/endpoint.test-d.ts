/** Mistakes that do not compile. `npm run typecheck` fails where a line below an `@ts-expect-error` is taken. */
import { z } from 'zod';
import { api, command, query } from './contract.ts';
import { endpoint, fromPath, fromToken } from './endpoint.ts';

const Book = z.object({ id: z.string() });
const LibraryApi = api('library', {
  lend: command(1, { input: z.object({ bookId: z.string(), days: z.int() }), output: Book, errors: [] }),
  awaitLoan: query(1, { input: z.object({ loanId: z.string(), timeout: z.int() }), output: Book, errors: [] }),
  countBooks: query(1, { input: z.object({ timeout: z.int() }), output: z.object({ books: z.int() }), errors: [] }),
});
const described = { summary: 'Lend a book', access: 'user' } as const;

endpoint(LibraryApi.lend, 'POST /v1/loans', {
  ...described,
  input: { bookId: fromPath('id') },
  body: (fields) => fields.pick({ days: true }),
});
endpoint(LibraryApi.lend, 'POST /v1/loans', {
  ...described,
  settle: { by: LibraryApi.awaitLoan, input: ({ id }) => ({ loanId: id }) },
});

// @ts-expect-error -- there is no such field
endpoint(LibraryApi.lend, 'POST /v1/loans', { ...described, input: { bookID: fromPath('id') } });
// @ts-expect-error -- a number is wanted
endpoint(LibraryApi.lend, 'POST /v1/loans', { ...described, input: { days: fromToken('userId') } });
endpoint(LibraryApi.lend, 'POST /v1/loans', {
  ...described,
  input: { bookId: fromPath('id') },
  // @ts-expect-error -- a field that comes from the path is not in the body
  body: (fields) => fields.pick({ bookId: true }),
});
// @ts-expect-error -- what is waited for answers with something else
endpoint(LibraryApi.lend, 'POST /v1/loans', { ...described, settle: { by: LibraryApi.countBooks, input: () => ({}) } });
// @ts-expect-error -- loanId is missing
endpoint(LibraryApi.lend, 'POST /v1/loans', { ...described, settle: { by: LibraryApi.awaitLoan, input: () => ({}) } });
