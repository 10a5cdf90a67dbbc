import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairTurns } from './fair-turns.ts';

const takeAll = <T>(turns: FairTurns<T>): T[] => {
  const taken: T[] = [];
  for (let item = turns.next(); item !== undefined; item = turns.next()) taken.push(item);
  return taken;
};

describe('fair turns', () => {
  it('are taken by one key after the other, in the order in which each came', () => {
    const turns = new FairTurns<string>(6, 6);
    for (const item of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1']) turns.add(item[0]!, item);
    expect(takeAll(turns)).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('leave room for others, however many of one key wait', () => {
    const turns = new FairTurns<string>(8, 2);
    for (let n = 0; n < 500; n++) turns.add('many', `many ${n}`);
    expect(takeAll(turns)).toEqual(['many 0', 'many 1']);
    turns.add('one', 'one');
    expect(takeAll(turns)).toEqual(['one']);
    turns.done('many');
    expect(takeAll(turns)).toEqual(['many 2']);
  });

  it('are not taken by what was removed, or waited when all was cleared', () => {
    const turns = new FairTurns<string>(1, 1);
    for (const item of ['a', 'b', 'c']) turns.add(item, item);
    turns.remove('a', 'a');
    expect(turns.next()).toBe('b');
    turns.clear();
    turns.done('b');
    expect(turns.next()).toBeUndefined();
  });

  it('never go past the limit or a share, pass nobody over, and forget keys that have nothing left', () => {
    const acts = fc.array(
      fc.oneof(fc.record({ add: fc.constantFrom('a', 'b', 'c', 'd') }), fc.record({ done: fc.nat() })),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), acts, (limit, share, sequence) => {
        const turns = new FairTurns<string>(limit, share);
        const underWay: string[] = [];
        const waiting: string[] = [];
        const check = () => {
          for (const key of takeAll(turns)) underWay.push(...waiting.splice(waiting.indexOf(key), 1));
          expect(turns.underWay).toBe(underWay.length);
          expect(underWay.length).toBeLessThanOrEqual(limit);
          const countOf = (key: string) => underWay.filter((other) => other === key).length;
          for (const key of underWay) expect(countOf(key)).toBeLessThanOrEqual(share);
          if (underWay.length < limit) for (const key of waiting) expect(countOf(key)).toBe(share);
        };
        for (const act of sequence) {
          if ('add' in act) {
            turns.add(act.add, act.add);
            waiting.push(act.add);
          } else if (underWay.length > 0) {
            turns.done(underWay.splice(act.done % underWay.length, 1)[0]!);
          }
          check();
        }
        while (underWay.length > 0) {
          turns.done(underWay.pop()!);
          check();
        }
        expect([waiting, turns.full]).toEqual([[], []]);
      }),
    );
  });
});
