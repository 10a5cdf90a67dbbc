import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { backgroundContext } from '#platform/context.ts';
import type { AuthorizationRequest } from '../domain/payment-provider.ts';
import { Bank } from '../testing/bank.ts';
import { InMemoryPayments } from '../testing/in-memory-payments.ts';
import { euros } from '../testing/payments.ts';
import { aTill } from '../testing/till.ts';
import { withinBulkhead } from './bulkhead.ts';

const patience = (milliseconds = 60_000) => backgroundContext('test', milliseconds);
const requestOf = (customerId: string): AuthorizationRequest => ({
  paymentId: randomUUID(),
  orderId: randomUUID(),
  customerId,
  amount: euros(5000),
  token: 'tok_visa',
});

/** A bank that keeps everybody waiting until `open`, and how many wait there. */
function aSlowBank() {
  const gate = Promise.withResolvers<void>();
  const asked = { count: 0 };
  const bank = new Bank().disturbedBy(async (when) => {
    if (when === 'after') return;
    asked.count++;
    await gate.promise;
  });
  return { bank, asked, open: gate.resolve };
}

describe('the bulkhead before a provider', () => {
  it('has at most a share of the requests of one customer under way, and gets round to all', async () => {
    const { bank, asked, open } = aSlowBank();
    const provider = withinBulkhead(bank, { requests: 8, share: 2 });
    const answers = Array.from({ length: 200 }, () => provider.authorize(requestOf('many'), patience()));
    await Promise.resolve();
    expect(asked.count).toBe(2);
    const others = ['one', 'two', 'three', 'four'].map((customer) =>
      provider.authorize(requestOf(customer), patience()),
    );
    await Promise.resolve();
    expect(asked.count, 'nobody else waits').toBe(6);
    open();
    await Promise.all([...answers, ...others]);
    expect(bank.held).toBe(204 * 5000);
  });

  it('counts everything that is asked for a customer', async () => {
    const bank = new Bank();
    const till = aTill(new InMemoryPayments(), bank.asProviders);
    const customerId = randomUUID();
    const { paymentId } = await till.authorize({ customerId });
    const payment = (await till.payments.find(paymentId))!;
    const gate = Promise.withResolvers<void>();
    const acts: string[] = [];
    bank.disturbedBy(async (when, act) => (when === 'before' ? (acts.push(act), gate.promise) : undefined));
    const provider = withinBulkhead(bank, { requests: 8, share: 1 });
    const all = [
      provider.capture(payment, patience()),
      provider.void(payment, patience()),
      provider.refund({ refundId: randomUUID(), payment, amount: 1 }, patience()),
      provider.authorize(requestOf(customerId), patience()),
    ];
    await Promise.resolve();
    expect(acts).toEqual(['capture']);
    gate.resolve();
    await Promise.all(all);
    expect(acts).toEqual(['capture', 'void', 'refund', 'authorize']);
  });

  it('gives up what gets no turn in time, without having asked for it', async () => {
    const { bank, asked, open } = aSlowBank();
    const provider = withinBulkhead(bank, { requests: 1, share: 1 });
    const first = provider.authorize(requestOf('one'), patience());
    await expect(provider.authorize(requestOf('two'), patience(20))).rejects.toMatchObject({
      code: 'payments.provider-unavailable',
    });
    open();
    await first;
    await provider.authorize(requestOf('two'), patience());
    expect(asked.count).toBe(2);
  });

  it('has room again after a request failed', async () => {
    const bank = new Bank().disturbedBy(() => Promise.reject(new Error('No.')));
    const provider = withinBulkhead(bank, { requests: 1, share: 1 });
    await expect(provider.authorize(requestOf('one'), patience())).rejects.toThrow('No.');
    bank.disturbedBy(async () => {});
    await expect(provider.authorize(requestOf('one'), patience())).resolves.toMatchObject({ outcome: 'authorized' });
  });
});
