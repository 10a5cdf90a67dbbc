/** Money is a whole number of minor units. Up to `largestAmount` a double holds it exactly, and so does every step. */
import type { z } from 'zod';
import { largestAmount, OrdersErrors, type Money as MoneySchema } from '../contract.ts';

export type Money = Readonly<z.output<typeof MoneySchema>>;

export const times = ({ amount, currency }: Money, quantity: number): Money =>
  bounded({ amount: amount * quantity, currency });

/** The sum of at least one amount. */
export const sumOf = (amounts: readonly Money[]): Money =>
  amounts.reduce((total, { amount, currency }) => {
    if (currency !== total.currency) throw OrdersErrors.mixedCurrencies();
    return bounded({ amount: total.amount + amount, currency });
  });

function bounded(money: Money): Money {
  if (money.amount > largestAmount) throw OrdersErrors.totalTooLarge();
  return money;
}
