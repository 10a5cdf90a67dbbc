import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { somebody, tokenFor } from '../../../tests/support/gateway.ts';
import { localClient } from '../calls/local-client.ts';
import { backgroundContext, CallContext, currentContext, newTrace, runInContext } from '#platform/context.ts';
import { ambientTransaction } from '#platform/database.ts';
import { Deadline } from '#platform/deadline.ts';
import { errorKinds, Failure, platformErrors } from '#platform/errors.ts';
import { Metrics } from '../observability/metrics.ts';
import { LibraryApi, LibraryErrors, quietHandlers, remoteLibrary, serveLibrary } from './testing/library.ts';

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function calling(
  handlers: Parameters<typeof serveLibrary>[0] = {},
  options: Parameters<typeof serveLibrary>[1] = {},
) {
  const served = await serveLibrary(handlers, options);
  const remote = remoteLibrary(served.address);
  opened.push(
    () => served.server.close(0),
    () => remote.module.close(),
  );
  return { served, ...remote };
}

const loan = { book: 'Emma', days: 7 };
const contextOf = (fields: Partial<ConstructorParameters<typeof CallContext>[0]> = {}) =>
  new CallContext({ deadline: new Deadline(60_000), requestId: 'request-7', trace: newTrace(), ...fields });

describe('calling a module in another process', () => {
  it('refuses text that PostgreSQL cannot store, as over HTTP', async () => {
    const asked: string[] = [];
    const { library } = await calling({ find: async ({ book }) => ({ title: String(asked.push(book)), shelf: null }) });
    await expect(library.find({ book: 'Em\0ma' })).rejects.toMatchObject({
      code: 'platform.invalid-request',
      kind: 'invalid',
      fields: [{ path: '/book', message: 'U+0000 and unpaired surrogates are not allowed.' }],
    });
    expect(asked).toEqual([]);
  });

  it('gives what the handler gives, and the handler what was passed', async () => {
    let received: unknown;
    const { library } = await calling({
      lend: async (input) => {
        received = input;
        return { due: 'tomorrow' };
      },
    });
    await expect(library.lend(loan)).resolves.toEqual({ due: 'tomorrow' });
    expect(received).toEqual(loan);
    await expect(library.find({ book: '' })).resolves.toEqual({ title: '', shelf: null });
  });

  it('has its input checked where it arrives', async () => {
    const { library } = await calling();
    await expect(library.lend({ book: 'Emma', days: 31 })).rejects.toMatchObject({
      code: 'platform.invalid-request',
      fields: [{ path: '/days', message: expect.stringContaining('30') }],
    });
  });

  it.each(errorKinds)('keeps a failure of the kind %s to the letter', async (kind) => {
    const thrown = new Failure('library.torn', kind, 'Seite 7 fehlt: „Größe“ 📖', {
      fields: [
        { path: '/book/0', message: 'is torn' },
        { path: '', message: '' },
      ],
      retryAfter: 1.25,
    });
    const { library } = await calling({ lend: () => Promise.reject(thrown) });
    const received = await library.lend(loan).catch((error: unknown) => error);
    expect(received).toBeInstanceOf(Failure);
    const { code, message, fields, retryAfter } = thrown;
    expect(received).toMatchObject({ code, kind, message, fields, retryAfter });
  });

  it('keeps what a failure does not say, and a list of no fields', async () => {
    const { library } = await calling({
      lend: () => Promise.reject(LibraryErrors.bookLent()),
      find: () => Promise.reject(LibraryErrors.noSuchBook({ fields: [] })),
    });
    await expect(library.lend(loan)).rejects.toMatchObject({
      message: 'The book is lent.',
      fields: undefined,
      retryAfter: undefined,
    });
    await expect(library.find({ book: 'Emma' })).rejects.toMatchObject({ fields: [] });
  });

  it('keeps code and kind of a failure that says more than a header holds', async () => {
    const fields = Array.from({ length: 2_000 }, (_, index) => ({
      path: `/items/${index}/quantity`,
      message: 'Too many of them.',
    }));
    const { library } = await calling({
      lend: () => Promise.reject(LibraryErrors.bookLent({ fields, detail: 'ä\u{d800}'.repeat(2_000) })),
    });
    const failure = (await library.lend(loan).catch((error: unknown) => error)) as Failure;
    expect(failure).toMatchObject({ code: 'library.book-lent', kind: 'conflict' });
    expect(failure.fields!.length).toBeGreaterThan(100);
  });

  it('says nothing of an error that nobody declared, and logs it where it happened', async () => {
    const { library, served } = await calling({
      lend: () => Promise.reject(new Error('the password is 1234')),
    });
    const failure = await runInContext(contextOf(), () => library.lend(loan)).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      code: 'platform.internal',
      kind: 'internal',
      message: platformErrors.internal().message,
    });
    expect(served.log()).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: 'library.lend failed',
        requestId: 'request-7',
        error: expect.objectContaining({
          message: 'the password is 1234',
          stack: expect.stringContaining('calls.test.ts'),
        }),
      }),
    );
  });

  it('answers the same as in the same process', async () => {
    const handlers = { ...quietHandlers, find: () => Promise.reject(LibraryErrors.noSuchBook('No Emma here.')) };
    const local = localClient(LibraryApi, {
      handlerOf: ({ name }) => handlers[name as keyof typeof handlers] as never,
      meterOf: (operation) => new Metrics().calls('readers', operation),
    });
    const { library } = await calling(handlers);
    await expect(library.lend(loan)).resolves.toEqual(await local.lend(loan));
    const [here, there] = await Promise.allSettled([local.find({ book: 'Emma' }), library.find({ book: 'Emma' })]);
    expect(there).toEqual(here);
  });

  it('is refused while a transaction is open', async () => {
    const { library } = await calling();
    await ambientTransaction.run({ open: true, outer: undefined }, async () => {
      await expect(library.lend(loan)).rejects.toThrow('inside a database transaction');
    });
  });

  it('counts every call and failure on the side of the caller, and times them on that of the callee', async () => {
    const { library, metrics, served } = await calling({ find: () => Promise.reject(LibraryErrors.noSuchBook()) });
    await library.lend(loan);
    await library.find({ book: 'Emma' }).catch(() => undefined);
    const there = await served.metrics.text();
    const here = await metrics.text();
    const operation = (name: string) => `fissile_caller="readers",fissile_module="library",fissile_operation="${name}"`;
    expect(here).toContain(`fissile_calls_total{${operation('lend')}} 1`);
    expect(here).toContain(`fissile_call_failures_total{${operation('find')},error_type="not-found"} 1`);
    const method = (name: string, more = '') =>
      `rpc_system_name="grpc",rpc_method="fissile.library.v1.Library/${name}",${more}fissile_module="library"`;
    const [ok, notFound] = ['OK', 'NOT_FOUND'].map((status) => `rpc_response_status_code="${status}"`);
    const caller = 'fissile_caller="readers",';
    expect(here).toContain(`rpc_client_call_duration_seconds_count{${method('Lend', caller)},${ok}} 1`);
    expect(here).toContain(
      `rpc_client_call_duration_seconds_count{${method('Find', caller)},${notFound},error_type="NOT_FOUND"} 1`,
    );
    expect(there).toContain(`rpc_server_call_duration_seconds_count{${method('Lend')},${ok}} 1`);
    expect(there).toContain(
      `rpc_server_call_duration_seconds_count{${method('Find')},${notFound},error_type="NOT_FOUND"} 1`,
    );
  });
});

describe('the context of a call', () => {
  const seen = async (context: CallContext | undefined, options: { timeout?: number } = {}) => {
    let received: CallContext | undefined;
    const { library } = await calling({
      lend: async (_, given) => {
        expect(currentContext()).toBe(given);
        received = given;
        return { due: '' };
      },
    });
    const call = () => library.lend(loan, options);
    await (context ? runInContext(context, call) : call());
    return received!;
  };

  it('has the same trace and request, and a span of its own', async () => {
    const context = contextOf();
    const received = await seen(context);
    expect(received.requestId).toBe('request-7');
    expect(received.trace.traceId).toBe(context.trace.traceId);
    expect(received.trace.spanId).not.toBe(context.trace.spanId);
  });

  it('hands the deadline on, and the earlier one of two', async () => {
    const context = contextOf();
    const left = async (timeout?: number) =>
      (await seen(context, timeout === undefined ? undefined : { timeout })).deadline.remaining;
    expect(Math.abs((await left()) - context.deadline.remaining)).toBeLessThan(10_000);
    expect(await left(30_000)).toBeLessThanOrEqual(30_000);
    expect(Math.abs((await left(600_000)) - context.deadline.remaining)).toBeLessThan(10_000);
  });

  it('gives work without one ten seconds', async () => {
    const { deadline } = await seen(undefined);
    expect(Math.abs(deadline.remaining - 10_000)).toBeLessThan(5_000);
  });

  it('ends the waiting at the deadline and tells the handler', async () => {
    const aborted = Promise.withResolvers<void>();
    const { library } = await calling({
      find: async (_, { signal }) => {
        signal.addEventListener('abort', () => aborted.resolve());
        await delay(60_000, undefined, { ref: false });
        throw new Error('nobody waits for this');
      },
    });
    const started = Date.now();
    const context = contextOf({ deadline: new Deadline(100) });
    await expect(runInContext(context, () => library.find({ book: 'Emma' }))).rejects.toMatchObject({
      code: 'platform.deadline-exceeded',
      kind: 'unavailable',
    });
    expect(Date.now() - started).toBeLessThan(30_000);
    await aborted.promise;
  });

  it('tells the handler when the caller went away', async () => {
    const gone = new AbortController();
    const arrived = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    const { library } = await calling({
      lend: async (_, { signal }) => {
        signal.addEventListener('abort', () => aborted.resolve());
        arrived.resolve();
        await delay(60_000, undefined, { ref: false });
        return { due: '' };
      },
    });
    const call = runInContext(contextOf({ signal: gone.signal }), () => library.lend(loan));
    await arrived.promise;
    const started = Date.now();
    gone.abort();
    await expect(call).rejects.toMatchObject({ kind: 'unavailable' });
    await aborted.promise;
    expect(Date.now() - started, 'long before the deadline').toBeLessThan(30_000);
  });

  it('does not take the end of a call for a cancellation', async () => {
    const context = await seen(contextOf());
    await delay(50);
    expect(context.cancellation?.aborted).toBe(false);
  });

  it('hands on who asks by their own token, which the callee verifies', async () => {
    const person = somebody('admin');
    const token = tokenFor(person);
    const received = await seen(contextOf({ token }));
    expect(received.principal).toEqual(person);
    expect(received.token).toBe(token);
    expect((await seen(contextOf({ token }), { timeout: 1_000 })).principal).toEqual(person);
    expect(inspect(received) + JSON.stringify(received), 'printing a context prints no token').not.toContain(token);
  });

  it('believes nobody to be somebody without a token', async () => {
    const received = await seen(contextOf({ principal: somebody('admin') }));
    expect(received.principal).toBeUndefined();
  });

  it('refuses a token that is wrong or of an ended session', async () => {
    const { library, served } = await calling();
    const person = somebody();
    served.authenticator.ended.add(person.sessionId);
    for (const token of ['wrong', tokenFor(person)]) {
      const call = runInContext(contextOf({ token }), () => library.lend(loan));
      await expect(call).rejects.toMatchObject({ code: 'platform.unauthenticated', kind: 'unauthenticated' });
    }
  });

  it('says that tokens cannot be checked, where nobody can be asked', async () => {
    const { library, served } = await calling();
    served.authenticator.reachable = false;
    const call = runInContext(contextOf({ token: tokenFor(somebody()) }), () => library.lend(loan));
    await expect(call).rejects.toMatchObject({ code: 'platform.unavailable', retryAfter: 1 });
  });

  it('reaches through a chain of calls with less and less time', async () => {
    const deadlines: Deadline[] = [];
    const behind = await calling({
      find: async (_, { deadline }) => {
        deadlines.push(deadline);
        return { title: '', shelf: null };
      },
    });
    const { library } = await calling({
      lend: async (_, { deadline }) => {
        deadlines.push(deadline);
        await behind.library.find({ book: 'Emma' }, { timeout: 30_000 });
        return { due: '' };
      },
    });
    const context = backgroundContext('chain', 60_000);
    await runInContext(context, () => library.lend(loan));
    expect(deadlines[0]!.remaining - context.deadline.remaining).toBeLessThan(10_000);
    expect(deadlines[1]!.remaining).toBeLessThanOrEqual(30_000);
  });
});
