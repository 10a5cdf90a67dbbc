import { describe, expect, it } from 'vitest';
import { LibraryErrors, lendingLibrary } from './testing/lending-library.ts';

const library = lendingLibrary();
const { lending, loans, held } = library;

describe('an answer that is waited for', () => {
  const waiting = { prefer: 'wait=5' };

  it('is the settled one, also in the replay', async () => {
    const { borrow } = lending({ settle: async (_request, _module, first) => ({ ...first, body: { settled: true } }) });
    const first = await borrow('key-1', { book: 'Emma' }, waiting);
    expect(first.headers['preference-applied']).toBe('wait=5');
    expect(first.body).toEqual({ settled: true });
    expect((await borrow('key-1', { book: 'Emma' }, waiting)).text).toBe(first.text);
    expect((await borrow('key-1')).text).toBe(first.text);
  });

  it('is waited for after the effect is durable, and in use until it is settled', async () => {
    const { handle, started, goOn } = held(async () => ({ status: 201, body: { settled: true } }));
    const { borrow } = lending({ settle: () => handle('') });
    const first = borrow('key-1', { book: 'Emma' }, waiting).then((answer) => answer);
    await started;
    expect(await loans()).toEqual(['Emma']);
    expect((await borrow('key-1')).status).toBe(409);
    goOn();
    const { text } = await first;
    expect((await borrow('key-1')).text).toBe(text);
  });

  it('is the first one when the process that waited died', async () => {
    const { handle, started, goOn } = held();
    const { borrow } = lending({ settle: () => handle('') });
    const dying = borrow('key-1', { book: 'Emma' }, waiting).then((answer) => answer);
    await started;
    await library.sql("UPDATE library.idempotency_keys SET settles_until = now() - interval '1 second'");
    const replayed = await borrow('key-1');
    expect(replayed.body).toMatchObject({ book: 'Emma' });
    goOn();
    expect((await dying).text, 'what was replayed cannot change any more').toBe(replayed.text);
  });

  it('is the first one when settling fails', async () => {
    const { borrow, log } = lending({ settle: () => Promise.reject(LibraryErrors.closed()) });
    const first = await borrow('key-1', { book: 'Emma' }, waiting);
    expect(first.status).toBe(201);
    expect((await borrow('key-1')).text).toBe(first.text);
    expect(log().lines).toContainEqual(expect.objectContaining({ level: 'warn', code: 'library.closed' }));
  });

  it('is not waited for without the wish, and no longer than 30 s with it', async () => {
    const waits: number[] = [];
    const { borrow } = lending({
      settle: async ({ wait }, _module, first) => {
        waits.push(wait);
        return first;
      },
    });
    await borrow('key-1');
    await borrow('key-2', { book: 'Emma' }, { prefer: 'return=minimal, wait=600' });
    await borrow('key-3', { book: 'Emma' }, { prefer: 'wait=0' });
    expect(waits).toEqual([30_000]);
  });
});
