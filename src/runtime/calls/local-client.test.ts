import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { backgroundContext, currentContext, runInContext } from '#platform/context.ts';
import { api, command, errors, query } from '#platform/contract.ts';
import { ambientTransaction } from '#platform/database.ts';
import type { ErrorKind } from '#platform/errors.ts';
import { localClient, ownClient, type AnyHandler, type LocalCalls } from './local-client.ts';

const LibraryErrors = errors('library', { bookLent: ['conflict', 'The book is lent.'] });
const LibraryApi = api('library', {
  lend: command(1, {
    input: z.object({ book: z.string().trim(), days: z.int().max(30).default(14) }),
    output: z.object({ due: z.string() }),
    errors: [LibraryErrors.bookLent],
  }),
  find: query(1, { input: z.object({ book: z.string() }), output: z.object({}), errors: [] }),
});

class Meter {
  calls = 0;
  failures: ErrorKind[] = [];
  times: number[] = [];
  failed(kind: ErrorKind) {
    this.failures.push(kind);
  }
  took(milliseconds: number) {
    this.times.push(milliseconds);
  }
}

function calling(handle: AnyHandler) {
  const meter = new Meter();
  const calls: LocalCalls = { handlerOf: () => handle, meterOf: () => meter };
  return { meter, foreign: localClient(LibraryApi, calls), own: ownClient(LibraryApi, calls) };
}
const loan = { book: 'Emma', days: 7 };

describe('calling a module in the same process', () => {
  it('hands the very same input over and gives the answer', async () => {
    let received: unknown;
    const { foreign } = calling(async (input) => {
      received = input;
      return { due: 'tomorrow' };
    });
    await expect(foreign.lend(loan)).resolves.toEqual({ due: 'tomorrow' });
    expect(received).toBe(loan);
  });

  it("keeps a failure's code and kind", async () => {
    const { foreign } = calling(async () => {
      throw LibraryErrors.bookLent('Emma is lent until Friday.');
    });
    await expect(foreign.lend(loan)).rejects.toMatchObject({
      code: 'library.book-lent',
      kind: 'conflict',
      message: 'Emma is lent until Friday.',
    });
  });

  it('carries the context of the work under way', async () => {
    const { foreign } = calling(async (_, context) => ({ due: context.requestId }));
    const context = backgroundContext('request-7', 1000);
    await expect(runInContext(context, () => foreign.lend(loan))).resolves.toEqual({ due: 'request-7' });
  });

  it('gives work without a context a deadline of its own', async () => {
    const { foreign } = calling(async (_, context) => ({ due: String(context.deadline.remaining > 0) }));
    await expect(foreign.lend(loan)).resolves.toEqual({ due: 'true' });
  });

  it('stops waiting after the given timeout and tells the handler by its signal', async () => {
    let aborted = false;
    const { foreign } = calling(async (_, { signal }) => {
      signal.addEventListener('abort', () => (aborted = true));
      await delay(5_000, undefined, { ref: false });
    });
    await expect(foreign.find({ book: 'Emma' }, { timeout: 20 })).rejects.toMatchObject({ kind: 'unavailable' });
    expect(aborted).toBe(true);
  });

  it('never extends the deadline of the work under way', async () => {
    const deadlines: unknown[] = [];
    const { foreign } = calling(async () => ({ due: String(deadlines.push(currentContext()?.deadline)) }));
    const context = backgroundContext('request-7', 50);
    await runInContext(context, () => foreign.lend(loan, { timeout: 60_000 }));
    expect(deadlines[0]).toBe(context.deadline);
  });

  it('counts every call and failure, and times a sample', async () => {
    const { foreign, meter } = calling(async (input) => {
      if ((input as typeof loan).days > 20) throw LibraryErrors.bookLent();
      if ((input as typeof loan).days > 10) throw new Error('The shelf fell over.');
      return { due: 'tomorrow' };
    });
    for (let days = 1; days <= 30; days++) await foreign.lend({ book: 'Emma', days }).catch(() => undefined);
    expect(meter.calls).toBe(30);
    expect(meter.failures.filter((kind) => kind === 'conflict')).toHaveLength(10);
    expect(meter.failures.filter((kind) => kind === 'internal')).toHaveLength(10);
    expect(meter.times.length).toBeGreaterThan(0);
    expect(meter.times.length).toBeLessThan(30);
  });

  it('refuses to call another module while a transaction is open, but not its own', async () => {
    const { foreign, own } = calling(async () => ({ due: 'tomorrow' }));
    await ambientTransaction.run({ open: true, outer: undefined }, async () => {
      await expect(foreign.lend(loan)).rejects.toThrow('inside a database transaction');
      await expect(own.lend(loan)).resolves.toEqual({ due: 'tomorrow' });
    });
  });
});

describe("a module's own endpoints", () => {
  it('have what they pass checked and its defaults filled in', async () => {
    let received: unknown;
    const { own } = calling(async (input) => {
      received = input;
      return { due: 'tomorrow' };
    });
    await own.lend({ book: ' Emma ' } as typeof loan);
    expect(received).toEqual({ book: 'Emma', days: 14 });
    await expect(own.lend({ book: 'Emma', days: 31 })).rejects.toMatchObject({
      code: 'platform.invalid-request',
      fields: [{ path: '/days' }],
    });
  });
});
