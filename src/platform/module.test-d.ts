/** Mistakes in a module's wiring that do not compile. `npm run typecheck` fails where a line below an `@ts-expect-error` is taken. */
import { z } from 'zod';
import { Clock } from './clock.ts';
import { api, event, query, type Handler } from './contract.ts';
import { mail, type Compose } from './mail.ts';
import { compose, defineModule, on, use } from './module.ts';

const input = z.object({ title: z.string() });
const LibraryApi = api('library', {
  find: query(1, { input, output: z.object({ shelf: z.int() }), errors: [] }),
  count: query(1, { input, output: z.object({ books: z.int() }), errors: [] }),
});
abstract class Shelves {
  abstract of(title: string): Promise<number>;
}
const find =
  (shelves: Shelves): Handler<typeof LibraryApi, 'find'> =>
  async ({ title }) => ({ shelf: await shelves.of(title) });
const count = (): Handler<typeof LibraryApi, 'count'> => async () => ({ books: 1 });

defineModule('library', { offers: LibraryApi, operations: { find: use(find, [Shelves]), count: use(count, []) } });

// @ts-expect-error -- count is forgotten
defineModule('library', { offers: LibraryApi, operations: { find: use(find, [Shelves]) } });
defineModule('library', {
  offers: LibraryApi,
  // @ts-expect-error -- cuont is no operation
  operations: { find: use(find, [Shelves]), count: use(count, []), cuont: use(count, []) },
});
defineModule('library', {
  offers: LibraryApi,
  // @ts-expect-error -- find takes the place of count
  operations: { find: use(find, [Shelves]), count: use(find, [Shelves]) },
});
// @ts-expect-error -- Shelves is forgotten
defineModule('library', { offers: LibraryApi, operations: { find: use(find, []), count: use(count, []) } });
// @ts-expect-error -- find takes shelves, not a clock
defineModule('library', { offers: LibraryApi, operations: { find: use(find, [Clock]), count: use(count, []) } });
defineModule('library', {
  offers: LibraryApi,
  operations: { find: use(find, [Shelves]), count: use(count, []) },
  // @ts-expect-error -- what is bound is not what the port promises
  ports: (bind) => bind(Shelves).toConstantValue({}),
});
defineModule('library', {
  offers: LibraryApi,
  operations: { find: use(find, [Shelves]), count: use(count, []) },
  // @ts-expect-error -- operations are not bound, they stand in the table
  ports: (bind) => bind(LibraryApi.count).toConstantValue(count()),
});

const bookLost = event('readers.book-lost', 1, { key: 'id', payload: z.object({ id: z.string() }) });
on(bookLost, () => async () => {}, [], { from: 'earliest-if-kept' });
// @ts-expect-error -- it is called earliest
on(bookLost, () => async () => {}, [], { from: 'begining' });

const overdue = mail('library.overdue', z.object({ title: z.string() }), { purpose: 'reminding', usefulFor: 1_000 });
const remind =
  (shelves: Shelves): Compose<typeof overdue> =>
  async ({ title }) =>
    (await shelves.of(title)) > 0 ? undefined : { to: 'ada@example.com', subject: title, text: title, html: title };
compose(overdue, remind, [Shelves]);
// @ts-expect-error -- Shelves is forgotten
compose(overdue, remind, []);
// @ts-expect-error -- a mail without a message
compose(overdue, () => async () => ({ to: 'ada@example.com' }), []);
