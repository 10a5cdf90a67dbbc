import { describe, expect, it } from 'vitest';
import { LibraryErrors, lendingLibrary } from './testing/lending-library.ts';

const library = lendingLibrary();
const { lend, lending, loans } = library;

describe('a failure under an idempotency key', () => {
  it('of the business is kept, and its effects are not', async () => {
    let tries = 0;
    const { borrow } = lending({
      async handle(book) {
        tries += 1;
        await lend(book);
        throw LibraryErrors.bookLent();
      },
    });
    const first = await borrow('key-1');
    const again = await borrow('key-1');
    expect([first.status, again.status]).toEqual([409, 409]);
    expect(again.text).toBe(first.text);
    expect(again.headers['content-type']).toBe('application/problem+json');
    expect(tries).toBe(1);
    expect(await loans()).toEqual([]);
  });

  it('that nobody expected is kept too', async () => {
    let tries = 0;
    const { borrow } = lending({
      handle: () => Promise.reject(new Error(`Try ${++tries}`)),
    });
    const [first, again] = [await borrow('key-1'), await borrow('key-1')];
    expect([first.status, again.status, tries]).toEqual([500, 500, 1]);
    expect(again.text).toBe(first.text);
  });

  it('that means "not now" is not kept', async () => {
    let open = false;
    const { borrow } = lending({ handle: (book) => (open ? lend(book) : Promise.reject(LibraryErrors.closed())) });
    expect((await borrow('key-1')).status).toBe(503);
    open = true;
    expect((await borrow('key-1')).status).toBe(201);
  });

  it('of validation is not kept', async () => {
    const { borrow } = lending();
    expect((await borrow('key-1', { book: 7 })).status).toBe(400);
    expect((await borrow('key-1')).status).toBe(201);
  });

  it('gives way to the answer of a retry that came in between', async () => {
    const answers: string[] = [];
    const { borrow } = lending({
      async handle(book) {
        if (answers.length > 0) return lend(book);
        answers.push('failed');
        throw LibraryErrors.bookLent();
      },
    });
    // Between the rollback of the failure and the keeping of its answer, another request takes the key.
    const original = library.database.transaction.bind(library.database);
    let between: Promise<unknown> | undefined;
    library.database.transaction = async (work) => {
      try {
        return await original(work);
      } catch (error) {
        if (!between && answers.length > 0) {
          library.database.transaction = original;
          between = borrow('key-1').then((answer) => answers.push(answer.text));
          await between;
        }
        throw error;
      }
    };
    const first = await borrow('key-1');
    library.database.transaction = original;
    expect(first.status).toBe(201);
    expect(first.text).toBe(answers[1]);
    expect(await loans()).toEqual(['Emma']);
  });
});
