import { describe } from 'vitest';
import { inMemoryTransaction } from '#platform/in-memory-transaction.ts';
import { InMemoryPayments } from './in-memory-payments.ts';
import { InMemoryReports } from './in-memory-reports.ts';
import { paymentsSuite } from './payments.suite.ts';
import { reportsSuite } from './reports.suite.ts';

describe('in memory', () => {
  paymentsSuite(async () => {
    const payments = new InMemoryPayments();
    return { transaction: inMemoryTransaction(), payments, booked: async () => payments.ledger.map(({ id }) => id) };
  });
  reportsSuite(async () => ({ transaction: inMemoryTransaction(), reports: new InMemoryReports() }));
});
