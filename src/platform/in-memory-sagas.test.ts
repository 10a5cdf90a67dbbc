import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { errors } from './errors.ts';
import { InMemorySagas, runToEnd } from './in-memory-sagas.ts';
import { InMemoryTable } from './in-memory-transaction.ts';
import { saga, type SagaImplementation } from './sagas.ts';

const ShopErrors = errors('shop', { declined: ['conflict', 'Declined.'], away: ['unavailable', 'Nobody there.'] });
const checkout = saga('shop.checkout', 1, z.object({ n: z.int() }));

describe('sagas in memory', () => {
  it('remember what was started and cancelled, each id once', async () => {
    const sagas = new InMemorySagas();
    await sagas.start(checkout, 'a', { n: 1 });
    await sagas.start(checkout, 'a', { n: 2 });
    await sagas.cancel(checkout, 'a', { code: 'x', message: 'y' });
    expect(sagas.started).toEqual([{ name: 'shop.checkout', id: 'a', data: { n: 1 } }]);
    expect(sagas.cancelled).toEqual([{ name: 'shop.checkout', id: 'a', reason: { code: 'x', message: 'y' } }]);
  });

  it('refuse data that the saga does not know', async () => {
    await expect(new InMemorySagas().start(checkout, 'a', { n: 'one' } as never)).rejects.toThrow('expected number');
  });
});

describe('running a saga to its end in memory', () => {
  const failing =
    (...errors: Error[]) =>
    async () => {
      const error = errors.shift();
      if (error) throw error;
    };
  const of = (steps: SagaImplementation<{ n: number }>['steps']) => runToEnd({ deadline: 1_000, steps }, { n: 1 });
  const undo = async () => {};

  it('does every step with the data of the ones before', async () => {
    const seen: unknown[] = [];
    const ended = await of([
      { name: 'a', run: async () => ({ n: 2 }) },
      { name: 'b', run: async (data, { key }) => void seen.push(data, key) },
    ]);
    expect(ended).toMatchObject({ state: 'completed', data: { n: 2 }, done: ['a', 'b'], undone: [] });
    expect(seen).toEqual([{ n: 2 }, 'saga:b']);
  });

  it('undoes what was done before a failure, last first', async () => {
    const ended = await of([
      { name: 'a', undo },
      { name: 'b', run: undo, undo },
      { name: 'c', run: failing(ShopErrors.declined()), undo },
    ]);
    expect(ended).toMatchObject({ state: 'undone', reason: { code: 'shop.declined' }, undone: ['b', 'a'] });
  });

  it('tries again what is unavailable, and undoes it too if that does not help', async () => {
    expect(await of([{ name: 'a', run: failing(ShopErrors.away()), undo }])).toMatchObject({ state: 'completed' });
    const away = () => Promise.reject(ShopErrors.away());
    expect(await of([{ name: 'a', run: away, undo }])).toMatchObject({
      reason: { code: 'saga.timed-out' },
      undone: ['a'],
    });
    expect(await of([{ name: 'a', run: away, undo, local: true }])).toMatchObject({ undone: [] });
  });

  it('takes back what a local step did before it failed, and keeps what another did', async () => {
    const table = new InMemoryTable<string, number>();
    const stored = async (local: boolean) => {
      const run = async () => {
        table.set('a', 1);
        throw ShopErrors.declined();
      };
      await of([{ name: 'a', local, run }]);
      return table.has('a');
    };
    expect(await stored(true)).toBe(false);
    expect(await stored(false)).toBe(true);
  });

  it('stops where it is cancelled', async () => {
    const reason = { code: 'x', message: 'y' };
    const steps = [
      { name: 'a', run: undo, undo },
      { name: 'b', run: undo, undo },
    ];
    const ended = await runToEnd(
      { deadline: 1_000, steps },
      {},
      { cancelledBefore: (step) => (step === 'b' ? reason : undefined) },
    );
    expect(ended).toMatchObject({ state: 'undone', reason, done: ['a'], undone: ['a'] });
  });
});
