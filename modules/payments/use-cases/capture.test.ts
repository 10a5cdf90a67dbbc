import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PaymentsErrors } from '../contract.ts';
import { Bank } from '../testing/bank.ts';
import { InMemoryPayments } from '../testing/in-memory-payments.ts';
import { euros } from '../testing/payments.ts';
import { aTill } from '../testing/till.ts';

async function anAuthorized() {
  const bank = new Bank();
  const payments = new InMemoryPayments();
  const till = aTill(payments, bank.asProviders);
  const orderId = randomUUID();
  const { paymentId } = await till.authorize({ orderId });
  return { bank, till, payments, orderId, paymentId };
}

describe('capturing a payment', () => {
  it('takes what is held, books it and announces it', async () => {
    const { bank, till, payments, orderId, paymentId } = await anAuthorized();
    await till.capture(paymentId);
    expect({ held: bank.held, kept: bank.kept }).toEqual({ held: 0, kept: 5000 });
    expect(await payments.find(paymentId)).toMatchObject({ state: 'captured', captured: 5000 });
    expect(payments.ledger).toHaveLength(1);
    expect(till.outbox.events).toMatchObject([
      { name: 'payments.payment-captured', payload: { paymentId, orderId, amount: euros(5000) } },
    ]);
  });

  it('happens once, however often it is asked for', async () => {
    const { bank, till, payments, paymentId } = await anAuthorized();
    await Promise.all([till.capture(paymentId), till.capture(paymentId), till.capture(paymentId)]);
    await till.capture(paymentId);
    expect(bank.kept).toBe(5000);
    expect(payments.ledger).toHaveLength(1);
    expect(till.outbox.events).toHaveLength(1);
  });

  it('finds out what an earlier try did, when the answer of the provider was lost', async () => {
    const { bank, till, payments, paymentId } = await anAuthorized();
    bank.disturbedBy(async (when) => {
      if (when === 'after') throw PaymentsErrors.providerUnavailable();
    });
    await expect(till.capture(paymentId)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await payments.find(paymentId)).toMatchObject({ state: 'capturing', captured: 0 });
    bank.disturbedBy(async () => {});
    await till.capture(paymentId);
    expect(payments.ledger).toHaveLength(1);
  });

  it('is refused where the provider holds it no more', async () => {
    const { bank, till, payments, paymentId } = await anAuthorized();
    bank.holds.set(paymentId, { state: 'void', amount: 0 });
    await expect(till.capture(paymentId)).rejects.toMatchObject({ code: 'payments.illegal-transition' });
    expect(await payments.find(paymentId)).toMatchObject({ state: 'voided' });
  });

  it('is refused for a payment that was released, and for one that does not exist', async () => {
    const { till, orderId, paymentId } = await anAuthorized();
    await till.release(orderId);
    await expect(till.capture(paymentId)).rejects.toMatchObject({ code: 'payments.illegal-transition' });
    await expect(till.capture(randomUUID())).rejects.toMatchObject({ code: 'payments.payment-not-found' });
  });
});
