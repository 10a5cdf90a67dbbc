import { describe, expect, it } from 'vitest';
import { partitions } from '../support/topologies.ts';

describe('all ways to group modules', () => {
  it.each([
    [0, 1],
    [1, 1],
    [2, 2],
    [3, 5],
    [4, 15],
    [5, 52],
  ])('of %i are %i', (count, ways) => {
    const modules = Array.from({ length: count }, (_, index) => `m${index}`);
    const found = partitions(modules);
    expect(
      new Set(
        found.map((groups) =>
          groups
            .map((group) => group.toSorted().join('+'))
            .toSorted()
            .join(' '),
        ),
      ).size,
    ).toBe(ways);
    expect(found).toHaveLength(ways);
    for (const groups of found) expect(groups.flat().toSorted(), 'each module once').toEqual(modules);
  });
});
