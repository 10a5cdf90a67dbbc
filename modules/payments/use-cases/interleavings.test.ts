import { describe, it } from 'vitest';
import { inMemoryTransaction } from '#platform/in-memory-transaction.ts';
import { expectBothSidesToAgree } from '../testing/expect-both-sides-to-agree.ts';
import { InMemoryPayments } from '../testing/in-memory-payments.ts';
import { InMemoryReports } from '../testing/in-memory-reports.ts';

async function inMemory() {
  const payments = new InMemoryPayments();
  const balanceOf = async (paymentId: string) =>
    payments.ledger
      .filter((transaction) => transaction.paymentId === paymentId)
      .flatMap(({ entries }) => entries)
      .filter(({ account }) => account === 'provider:stripe')
      .reduce((sum, { side, amount }) => sum + (side === 'debit' ? amount.amount : -amount.amount), 0);
  return { payments, reports: new InMemoryReports(), transaction: inMemoryTransaction(), balanceOf };
}

describe('refunds of ours and of the dashboard, captures, disputes and their reports, in any order', () => {
  it('leave the ledger saying what the provider took and gave back', { timeout: 120_000 }, () =>
    expectBothSidesToAgree(inMemory, 300),
  );
});
