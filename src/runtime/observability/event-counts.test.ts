import { expect, it } from 'vitest';
import { z } from 'zod';
import { event } from '#platform/contract.ts';
import { count } from '#platform/counts.ts';
import { Metrics } from './metrics.ts';

const bookLent = event('library.book-lent', 1, {
  key: 'book',
  payload: z.object({ book: z.string(), shelf: z.string(), days: z.number() }),
});

function counting() {
  const metrics = new Metrics();
  metrics.countEvents({
    library_books_lent_total: count(bookLent, { help: 'Books that were lent.' }),
    library_days_lent_total: count(bookLent, {
      help: 'Days for which books were lent.',
      by: ({ days }) => days,
      labels: ({ shelf }) => ({ shelf }),
    }),
  });
  const lend = (shelf: string, days: number) => metrics.announced(bookLent, { book: 'Emma', shelf, days });
  const lines = async () =>
    (await metrics.text()).split('\n').filter((line) => /^(library_|fissile_events)/.test(line));
  return { metrics, lend, lines };
}

it('a declared counter is there before anything happened', async () => {
  expect(await counting().lines()).toEqual([
    'fissile_events_total{messaging_destination_name="library.book-lent"} 0',
    'library_books_lent_total 0',
  ]);
});

it('an event adds to the counters that are declared on its version', async () => {
  const { metrics, lend, lines } = counting();
  lend('a', 14);
  lend('a', 7);
  lend('b', 1);
  metrics.announced({ name: 'library.book-lent', version: 2 }, { nothing: 'of version 1' });
  expect(await lines()).toEqual([
    'fissile_events_total{messaging_destination_name="library.book-lent"} 4',
    'library_books_lent_total 3',
    'library_days_lent_total{shelf="a"} 21',
    'library_days_lent_total{shelf="b"} 1',
  ]);
});

it('past a hundred series of a counter, the others are one', async () => {
  const { lend, lines } = counting();
  for (let shelf = 1; shelf <= 150; shelf++) lend(String(shelf), 1);
  lend('1', 1);
  const ofDays = (await lines()).filter((line) => line.startsWith('library_days_lent_total'));
  expect(ofDays).toHaveLength(101);
  expect(ofDays[0]).toBe('library_days_lent_total{shelf="1"} 2');
  expect(ofDays.at(-1)).toBe('library_days_lent_total{shelf="_OTHER"} 50');
});
