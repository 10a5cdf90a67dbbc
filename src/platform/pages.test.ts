import { describe, expect, it } from 'vitest';
import { mostBytes, pageOf, wholeOrPage } from './pages.ts';

const items = (count: number, bytes = 10) =>
  Array.from({ length: count }, (_, index) => ({ id: String(index), text: 'x'.repeat(bytes) }));
const page = (limit: number, found: ReturnType<typeof items>) => pageOf(limit, found, ({ id }) => id);

describe('a page', () => {
  it('holds what was asked for, and says where the next one begins', () => {
    expect(page(3, items(4))).toEqual({ data: items(3), nextCursor: '2' });
    expect(page(3, items(3))).toEqual({ data: items(3), nextCursor: null });
    expect(page(3, [])).toEqual({ data: [], nextCursor: null });
  });

  it('is shorter where its items are large, and loses none of them', () => {
    const all = items(100, 40_000);
    const seen: string[] = [];
    for (let rest = all; rest.length > 0;) {
      const { data, nextCursor } = page(99, rest.slice(0, 100));
      expect(JSON.stringify(data).length).toBeLessThan(mostBytes * 1.1);
      seen.push(...data.map(({ id }) => id));
      rest = nextCursor === null ? [] : all.slice(Number(nextCursor) + 1);
    }
    expect(seen).toEqual(all.map(({ id }) => id));
  });

  it('holds an item that is larger than a page by itself', () => {
    expect(page(5, items(2, 2 * mostBytes))).toMatchObject({ data: [{ id: '0' }], nextCursor: '0' });
  });
});

describe('a list for callers that know of no pages', () => {
  const list = (count: number) =>
    wholeOrPage(
      undefined,
      async (most) => items(Math.min(count, most)),
      ({ id }) => id,
    );

  it('is whole, or not given at all', async () => {
    expect((await list(1_000)).data).toHaveLength(1_000);
    await expect(list(1_001)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
