import { describe } from 'vitest';
import { InMemoryPayments } from './in-memory-payments.ts';
import { paymentsContract } from './payments-contract.ts';

describe('payments in memory', () => {
  paymentsContract(async () => {
    const payments = new InMemoryPayments();
    return {
      payments,
      announced: async () => payments.outbox.events,
      booked: async () => payments.ledger.map(({ id }) => id),
    };
  });
});
