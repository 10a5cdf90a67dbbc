import * as fc from 'fast-check';
import { expect } from 'vitest';
import { type Books, type Played, plans, play } from './interleavings.ts';

interface Ledger extends Books {
  /** The amount that the provider owes us for a payment by the ledger; minor units. */
  balanceOf(paymentId: string): Promise<number>;
}

/** Throws unless, at the end of each of `runs` plans, the provider and the ledger say the same. `keep` gives empty books. */
export function expectBothSidesToAgree(keep: () => Promise<Ledger>, runs: number): Promise<void> {
  return fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const books = await keep();
      await expectAgreement(await play(plan, books), books);
    }),
    { numRuns: runs },
  );
}

async function expectAgreement(played: Played, { balanceOf }: Ledger): Promise<void> {
  expect(played.undelivered, 'reports that are refused for good').toEqual([]);
  for (const { paymentId, there, here } of played.sides) {
    expect(here, 'the payment').toEqual({ captured: there.received, refunded: there.refunded });
    expect(await balanceOf(paymentId), 'the ledger').toBe(there.kept);
  }
  const authorized = played.payments.filter(({ state }) => state === 'authorized');
  expect(played.held).toBe(authorized.reduce((sum, { amount }) => sum + amount.amount, 0));
  for (const { orderId, captured, refunded } of played.payments.filter((payment) =>
    played.released.includes(payment.orderId),
  )) {
    // A refund can fail for good; then a person has to know.
    if (captured !== refunded) expect({ orderId, alarms: played.alarms }).not.toEqual({ orderId, alarms: [] });
  }
}
