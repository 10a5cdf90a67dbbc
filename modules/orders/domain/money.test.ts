import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largestAmount } from '../contract.ts';
import { sumOf, times, type Money } from './money.ts';

const eur = (amount: number): Money => ({ amount, currency: 'EUR' });
const anAmount = fc.oneof(fc.nat(100_000), fc.nat({ max: largestAmount }), fc.constant(largestAmount));
const aQuantity = fc.integer({ min: 1, max: 1_000_000 });

/** The result of exact arithmetic, or undefined where it is too much. */
const bounded = (exact: bigint) => (exact > BigInt(largestAmount) ? undefined : Number(exact));
const amountOf = (work: () => Money) => {
  try {
    return work().amount;
  } catch (error) {
    expect(error).toMatchObject({ code: 'orders.total-too-large' });
    return undefined;
  }
};

describe('money', () => {
  it('adds up exactly, or refuses', () => {
    fc.assert(
      fc.property(fc.array(anAmount, { minLength: 1, maxLength: 100 }), (amounts) => {
        const exact = amounts.reduce((sum, amount) => sum + BigInt(amount), 0n);
        expect(amountOf(() => sumOf(amounts.map(eur)))).toBe(bounded(exact));
      }),
    );
  });

  it('multiplies exactly, or refuses', () => {
    fc.assert(
      fc.property(anAmount, aQuantity, (amount, quantity) => {
        expect(amountOf(() => times(eur(amount), quantity))).toBe(bounded(BigInt(amount) * BigInt(quantity)));
      }),
    );
  });

  it('adds up to the same in any order', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.nat(1_000_000), { minLength: 1 })
          .chain((amounts) =>
            fc.tuple(fc.constant(amounts), fc.shuffledSubarray(amounts, { minLength: amounts.length })),
          ),
        ([amounts, shuffled]) => {
          expect(sumOf(shuffled.map(eur))).toEqual(sumOf(amounts.map(eur)));
        },
      ),
    );
  });

  it('does not mix currencies', () => {
    expect(() => sumOf([eur(1), { amount: 1, currency: 'USD' }])).toThrow(
      expect.objectContaining({ code: 'orders.mixed-currencies' }),
    );
  });
});
