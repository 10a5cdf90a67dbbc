import { afterEach, describe, expect, it, vi } from 'vitest';
import { orFail, within } from './within.ts';

afterEach(() => void vi.useRealTimers());

const never = new Promise<never>(() => {});

describe('waiting at most so long', () => {
  it('gives what the work gives, its error too, and leaves no timer', async () => {
    vi.useFakeTimers();
    expect(await within(1_000, Promise.resolve(1), () => 'late')).toBe(1);
    await expect(within(1_000, Promise.reject(new Error('broken')), () => 'late')).rejects.toThrow('broken');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives another answer or fails when the time is up', async () => {
    expect(await within(1, never, () => 'late')).toBe('late');
    await expect(
      within(
        1,
        never,
        orFail(() => new Error('late')),
      ),
    ).rejects.toThrow('late');
  });

  it('leaves an error that comes too late alone', async () => {
    const work = Promise.withResolvers<void>();
    expect(await within(1, work.promise, () => 'late')).toBe('late');
    work.reject(new Error('Nobody listens.'));
    await new Promise(setImmediate);
  });

  it.each([2 ** 31, Infinity])(
    'waits for work that has %s ms, which is more than a timer takes',
    async (milliseconds) => {
      const work = Promise.withResolvers<string>();
      const waited = within(milliseconds, work.promise, () => 'late');
      setTimeout(() => work.resolve('done'), 20);
      expect(await waited).toBe('done');
    },
  );
});
