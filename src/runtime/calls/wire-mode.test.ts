import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { backgroundContext } from '#platform/context.ts';
import { api, command, errors } from '#platform/contract.ts';
import type { AnyHandler } from './local-client.ts';
import { overTheWire } from './wire-mode.ts';

const LibraryErrors = errors('library', { bookLent: ['conflict', 'The book is lent.'] });
const { lend } = api('library', {
  lend: command(1, {
    input: z.object({ book: z.string(), tags: z.array(z.string()) }),
    output: z.object({ due: z.string() }),
    errors: [LibraryErrors.bookLent],
  }),
});
const loan = { book: 'Emma', tags: ['novel'] };
const context = backgroundContext('test', 1000);
const calm = { latency: 0, failureRate: 0 };
const calling = (handle: AnyHandler, conditions = calm) => overTheWire(lend, handle, conditions)(loan, context);

describe('a call in wire mode', () => {
  it('shares no object with the callee', async () => {
    await calling(async (input) => {
      (input as typeof loan).tags.push('changed');
      return { due: 'tomorrow' };
    });
    expect(loan.tags).toEqual(['novel']);
  });

  it('loses what the contract does not name', async () => {
    await expect(calling(async () => ({ due: 'tomorrow', shelf: 7 }))).resolves.toEqual({ due: 'tomorrow' });
  });

  it('fails when the answer is not what the contract says', async () => {
    await expect(calling(async () => ({ due: new Map() }))).rejects.toThrow();
  });

  it('gives a failure as a copy with its code, kind and message', async () => {
    const original = LibraryErrors.bookLent('Emma is lent until Friday.');
    const received = await calling(() => Promise.reject(original)).catch((error: unknown) => error);
    expect(received).not.toBe(original);
    expect(received).toMatchObject({ code: 'library.book-lent', kind: 'conflict', message: original.message });
  });

  it('can lose calls before and after the work was done', async () => {
    let done = 0;
    const handle = async () => ({ due: String(++done) });
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, () =>
        calling(handle, { latency: 1, failureRate: 1 }).then(
          () => 'answered',
          (error: { kind: string }) => error.kind,
        ),
      ),
    );
    expect(new Set(outcomes)).toEqual(new Set(['unavailable']));
    expect(done).toBeGreaterThan(0);
    expect(done).toBeLessThan(200);
  });
});
