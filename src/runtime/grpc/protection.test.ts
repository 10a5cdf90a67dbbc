import { setTimeout as delay } from 'node:timers/promises';
import { Server, ServerCredentials, status as Code } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { backgroundContext, CallContext, newTrace, runInContext } from '#platform/context.ts';
import { Deadline } from '#platform/deadline.ts';
import { platformErrors } from '#platform/errors.ts';
import { Protection } from './protection.ts';
import { libraryProto, LibraryApi, LibraryErrors, remoteLibrary, serveLibrary } from './testing/library.ts';
import { serviceCodec } from './service-codec.ts';

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

const loan = { book: 'Emma', days: 7 };
const never = new Promise<never>(() => {});
/** The breaker opens at the fourth call without an answer, however long they take. */
const limits = { concurrent: 3, failureShare: 0.5, window: 60_000, minimumRate: 0.06, openFor: 60_000 };

/** Lets the breaker's time go by. */
function later(milliseconds: number): void {
  const from = performance.now();
  const started = process.hrtime.bigint();
  vi.spyOn(performance, 'now').mockImplementation(
    () => from + milliseconds + Number(process.hrtime.bigint() - started) / 1e6,
  );
  opened.push(() => vi.restoreAllMocks());
}

async function calling(handlers: Parameters<typeof serveLibrary>[0] = {}) {
  const served = await serveLibrary(handlers);
  const remote = remoteLibrary(served.address, { limits });
  opened.push(
    () => served.server.close(0),
    () => remote.module.close(),
  );
  const outcome = (patience = 500) =>
    runInContext(backgroundContext('short', patience), () => remote.library.lend(loan)).then(
      () => 'answered',
      (error: { code: string }) => error.code,
    );
  return { ...served, ...remote, outcome };
}

/** A server that breaks off each of the first calls as a dying connection would, and answers then. */
async function breakingOff(times: number) {
  const codec = serviceCodec(LibraryApi, libraryProto);
  const outputs: Record<string, object> = {
    find: { title: 'Emma', shelf: null },
    lend: { due: '' },
    returnBook: { done: true },
  };
  const asBytes = (bytes: Buffer) => bytes;
  const server = new Server();
  let attempts = 0;
  for (const [name, { path, encodeOutput }] of codec.operations) {
    server.register(
      path,
      (_: unknown, reply: (error: object | null, answer?: Buffer) => void) => {
        attempts += 1;
        if (attempts <= times) reply({ code: Code.UNAVAILABLE, details: 'Connection dropped' });
        else reply(null, encodeOutput(outputs[name]));
      },
      asBytes,
      asBytes,
      'unary',
    );
  }
  const port = await new Promise<number>((resolve) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, bound) => resolve(bound));
  });
  const remote = remoteLibrary(`127.0.0.1:${port}`, { limits: { concurrent: 1_000, minimumRate: 1_000_000 } });
  opened.push(
    () => server.forceShutdown(),
    () => remote.module.close(),
  );
  return { ...remote, attempts: () => attempts };
}

describe('a call that breaks off', () => {
  it('is repeated where it is a query', async () => {
    const { library, attempts } = await breakingOff(2);
    await expect(library.find({ book: 'Emma' })).resolves.toEqual({ title: 'Emma', shelf: null });
    expect(attempts()).toBe(3);
  });

  it('is repeated where it is a command with an idempotency key', async () => {
    const { library, attempts } = await breakingOff(1);
    await expect(library.returnBook({ book: 'Emma', idempotencyKey: 'seven' })).resolves.toEqual({ done: true });
    expect(attempts()).toBe(2);
  });

  it('is not repeated where it is any other command', async () => {
    const { library, attempts } = await breakingOff(1);
    await expect(library.lend(loan)).rejects.toMatchObject({
      code: 'platform.unavailable',
      kind: 'unavailable',
      retryAfter: 1,
    });
    expect(attempts()).toBe(1);
  });

  it('is given up after the third try, and never tried past the deadline', async () => {
    const { library, attempts } = await breakingOff(Infinity);
    await expect(library.find({ book: 'Emma' })).rejects.toMatchObject({ code: 'platform.unavailable' });
    expect(attempts()).toBe(3);
    await runInContext(backgroundContext('short', 20), async () => {
      await expect(library.find({ book: 'Emma' })).rejects.toMatchObject({ code: 'platform.deadline-exceeded' });
    });
    await delay(300);
    expect(attempts(), 'if the time was enough for one').toBeLessThanOrEqual(4);
  });

  it('is not repeated any more when too many were', async () => {
    const { library, attempts } = await breakingOff(Infinity);
    const calls = 300;
    await Promise.allSettled(Array.from({ length: calls }, () => library.find({ book: 'Emma' })));
    const before = attempts();
    await Promise.allSettled(Array.from({ length: 20 }, () => library.find({ book: 'Emma' })));
    expect(attempts() - before).toBeLessThanOrEqual(20);
    expect(before).toBeLessThan(calls * 2);
  });

  it('is not what a module means that says unavailable itself', async () => {
    let asked = 0;
    const { library } = await calling({
      find: async () => {
        asked += 1;
        throw platformErrors.unavailable({ detail: 'The shelf is being moved.', retryAfter: 7 });
      },
    });
    await expect(library.find({ book: 'Emma' })).rejects.toMatchObject({
      message: 'The shelf is being moved.',
      retryAfter: 7,
    });
    expect(asked).toBe(1);
  });
});

describe('a module that does not answer', () => {
  it('is tried again in time although the clock was set back by an hour meanwhile', async () => {
    const protection = new Protection('library', { ...limits, openFor: 20 });
    while (protection.breaker !== 'open')
      await protection.run(() => Promise.reject(new Error('no answer'))).catch(() => {});
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 3_600_000 });
    opened.push(() => vi.useRealTimers());
    await expect.poll(() => protection.run(async () => 'answered').catch(() => 'refused')).toBe('answered');
    expect(protection.breaker).toBe('closed');
  });

  it('is not asked for a while, is tried by one call then, and asked as before when that was answered', async () => {
    let asked = 0;
    let hangs = true;
    const { module, outcome, metrics, log } = await calling({
      lend: async () => {
        asked += 1;
        if (hangs) await never;
        return { due: '' };
      },
    });
    const state = async () =>
      /fissile_circuit_breaker\{fissile_module="library",network_protocol_name="grpc",fissile_breaker_state="([\w-]+)"\} 1/.exec(
        await metrics.text(),
      )?.[1];
    expect(await state()).toBe('closed');
    for (let call = 0; call < 4; call++) expect(await outcome()).toBe('platform.deadline-exceeded');
    expect(module.breaker).toBe('open');
    expect(await state()).toBe('open');

    const before = asked;
    expect(await outcome(60_000)).toBe('platform.unavailable');
    expect(asked).toBe(before);

    later(limits.openFor);
    const [trial, other] = [outcome(), outcome()];
    expect(module.breaker).toBe('half-open');
    expect(await state()).toBe('half-open');
    expect(await Promise.race([trial, other]), 'nobody waits for the one that tries').toBe('platform.unavailable');
    expect(await trial).toBe('platform.deadline-exceeded');
    expect(module.breaker).toBe('open');
    expect(asked).toBe(before + 1);

    hangs = false;
    later(limits.openFor);
    expect(await outcome(60_000)).toBe('answered');
    expect(await state()).toBe('closed');
    expect(await Promise.all([outcome(60_000), outcome(60_000)])).toEqual(['answered', 'answered']);
    expect(log().map(({ message }) => message)).toContain('The circuit breaker of library is open.');
  });

  it('is told when to come back', async () => {
    const { library, outcome } = await calling({ lend: () => never });
    for (let call = 0; call < 4; call++) await outcome();
    await expect(library.lend(loan)).rejects.toMatchObject({
      code: 'platform.unavailable',
      retryAfter: limits.openFor / 1_000,
    });
  });

  it('is not what a module is that refuses everything', async () => {
    const { module, outcome } = await calling({
      lend: async () => {
        throw LibraryErrors.bookLent();
      },
    });
    for (let call = 0; call < 20; call++) expect(await outcome(60_000)).toBe('library.book-lent');
    expect(module.breaker).toBe('closed');
  });

  it('is not what a module is that is called too late', async () => {
    const { module, library } = await calling();
    for (let call = 0; call < 10; call++) {
      const late = runInContext(backgroundContext('late', -1), () => library.lend(loan));
      await expect(late).rejects.toMatchObject({ code: 'platform.deadline-exceeded' });
    }
    expect(module.breaker).toBe('closed');
  });

  it('is not what a module is whose callers go away', async () => {
    const { module, library } = await calling({ lend: () => delay(200).then(() => ({ due: '' })) });
    for (let call = 0; call < 10; call++) {
      const context = new CallContext({
        deadline: new Deadline(1_000),
        requestId: 'r',
        trace: newTrace(),
        signal: AbortSignal.timeout(5),
      });
      await runInContext(context, () => library.lend(loan)).catch(() => undefined);
    }
    expect(module.breaker).toBe('closed');
  });
});

describe('a slow module', () => {
  it('holds up only so many calls at one time; more of them are answered at once', async () => {
    let asked = 0;
    const enough = Promise.withResolvers<void>();
    const { library, metrics } = await calling({
      find: async ({ book }) => {
        asked += 1;
        await enough.promise;
        return { title: book, shelf: null };
      },
    });
    const calls = Array.from({ length: 5 }, () => library.find({ book: 'Emma' }));
    await expect(calls[4]).rejects.toMatchObject({ code: 'platform.unavailable', retryAfter: limits.openFor / 1_000 });
    expect(await metrics.text()).toContain(
      'fissile_remote_calls_active{fissile_module="library",network_protocol_name="grpc"} 3',
    );
    enough.resolve();
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    expect(asked).toBe(3);
    await expect(library.find({ book: 'Emma' })).resolves.toEqual({ title: 'Emma', shelf: null });
  });
});
