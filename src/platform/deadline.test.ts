import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { backgroundContext } from './context.ts';
import { Deadline } from './deadline.ts';

afterEach(() => void vi.useRealTimers());

describe('a deadline', () => {
  it('passes when its time is up, and not before', async () => {
    const deadline = new Deadline(20);
    expect(deadline.remaining).toBeGreaterThan(0);
    await expect.poll(() => deadline.remaining).toBe(0);
  });

  it('is there at once, or never', () => {
    expect(new Deadline(-5).remaining).toBe(0);
    expect(new Deadline(Infinity).remaining).toBe(Infinity);
  });

  it.each([2 ** 31 + 1_000, Infinity])('that is %s ms away has not passed for a signal', async (milliseconds) => {
    const { signal } = backgroundContext('work', milliseconds);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(signal.aborted).toBe(false);
  });

  it.each([
    ['an hour back', -3_600_000],
    ['an hour ahead', 3_600_000],
  ])('of work under way stays where it is when the clock is set %s', async (_, change) => {
    const context = backgroundContext('work', 60_000);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + change });
    expect(context.deadline.remaining).toBeGreaterThan(0);
    expect(context.deadline.remaining).toBeLessThanOrEqual(60_000);
    expect(context.withTimeout(10).deadline.remaining).toBeLessThanOrEqual(10);
    expect(context.signal.aborted).toBe(false);
  });
});

describe('the time of day', () => {
  it('is read where it is meant, and for no age and no time limit', () => {
    const files = ['src', 'modules']
      .flatMap((folder) => (readdirSync(folder, { recursive: true }) as string[]).map((name) => join(folder, name)))
      .sort();
    const sources = files.filter(
      (file) => file.endsWith('.ts') && !/\.test\.ts$|[/\\](testing|generated)[/\\]/.test(file),
    );
    expect(
      sources
        .filter((file) => readFileSync(file, 'utf8').includes('Date.now()'))
        .map((file) => file.replaceAll('\\', '/')),
    ).toEqual([
      // Dates in certificates.
      'src/host/certificates.ts',
      // Between processes: when an event happened, and what grpc-js takes for a deadline.
      'src/runtime/events/consumer.ts',
      'src/runtime/grpc/remote-module.ts',
      'src/runtime/grpc/served-operation.ts',
      'src/runtime/grpc/unary-call.ts',
      // A mail outlives processes too.
      'src/runtime/mail/database-mail.ts',
      'src/runtime/mail/mail-sender.ts',
      // For people and Prometheus to read.
      'src/runtime/observability/log-levels.ts',
      'src/runtime/observability/recorded-span.ts',
      'src/runtime/observability/timings.ts',
      // A saga outlives processes, and its age is told, not acted on.
      'src/runtime/sagas/database-sagas.ts',
      'src/runtime/sagas/saga-engine.ts',
    ]);
  });
});
