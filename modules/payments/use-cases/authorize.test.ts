import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PaymentsErrors } from '../contract.ts';
import type { PaymentProvider, PaymentProviders } from '../domain/payment-provider.ts';
import { sandboxProvider } from '../providers/sandbox.ts';
import { Bank } from '../testing/bank.ts';
import { InMemoryPayments } from '../testing/in-memory-payments.ts';
import { euros } from '../testing/payments.ts';
import { aTill } from '../testing/till.ts';

const only = (provider: PaymentProvider): PaymentProviders => ({ active: provider, find: () => provider });
const atSandbox = () =>
  aTill(new InMemoryPayments(), only(sandboxProvider({ webhookSecret: undefined, timeout: 5000 })));
function atBank() {
  const bank = new Bank();
  return { bank, till: aTill(new InMemoryPayments(), bank.asProviders) };
}
const request = () => ({ idempotencyKey: randomUUID(), orderId: randomUUID(), customerId: randomUUID() });

describe('authorizing a payment', () => {
  it('has the provider hold the amount', async () => {
    const { bank, till } = atBank();
    const { paymentId } = await till.authorize({ amount: euros(1999) });
    expect(bank.held).toBe(1999);
    expect(await till.payments.find(paymentId)).toMatchObject({ state: 'authorized', captured: 0 });
  });

  it('holds it once, however often the request is repeated', async () => {
    const { bank, till } = atBank();
    const asked = request();
    const answers = await Promise.all([1, 2, 3].map(() => till.authorize(asked)));
    answers.push(await till.authorize(asked));
    expect(new Set(answers.map(({ paymentId }) => paymentId)).size).toBe(1);
    expect(bank.held).toBe(5000);
  });

  it.each([
    ['another amount', { amount: euros(1) }],
    ['another order', { orderId: randomUUID() }],
    ['another customer', { customerId: randomUUID() }],
    ['another token', { paymentToken: 'tok_slow' }],
  ])('refuses a key that was used for %s', async (_, other) => {
    const { till } = atBank();
    const asked = request();
    await till.authorize(asked);
    await expect(till.authorize({ ...asked, ...other })).rejects.toMatchObject({ code: 'payments.key-reused' });
  });

  it.each([
    ['the sandbox', sandboxProvider({ webhookSecret: undefined, timeout: 5000 })],
    ['a bank', new Bank()],
  ])('of nothing is refused without asking %s', async (_, provider) => {
    const till = aTill(new InMemoryPayments(), only(provider));
    const asked = { ...request(), amount: euros(0) };
    await expect(till.authorize(asked)).rejects.toMatchObject({ code: 'payments.amount-too-small' });
    expect(await till.payments.list({ orderId: asked.orderId })).toEqual([]);
  });

  it.each([
    ['tok_declined', 'payments.declined'],
    ['tok_insufficient_funds', 'payments.insufficient-funds'],
    ['tok_of_nobody', 'payments.invalid-token'],
  ])('with %s is refused for good, with %s', async (paymentToken, code) => {
    const till = atSandbox();
    const asked = { ...request(), paymentToken };
    await expect(till.authorize(asked)).rejects.toMatchObject({ code });
    await expect(till.authorize(asked)).rejects.toMatchObject({ code });
    const [payment] = await till.payments.list({ orderId: asked.orderId });
    expect(payment).toMatchObject({ state: 'declined', decline: { code } });
  });

  it('finds out what an earlier try did, when the answer of the provider was lost', async () => {
    const { bank, till } = atBank();
    let lost = 0;
    bank.disturbedBy(async (when) => {
      if (when === 'after' && lost++ === 0) throw PaymentsErrors.providerUnavailable();
    });
    const asked = request();
    await expect(till.authorize(asked)).rejects.toMatchObject({
      code: 'payments.provider-unavailable',
      kind: 'unavailable',
    });
    expect(bank.held).toBe(5000);
    const { paymentId } = await till.authorize(asked);
    expect(bank.held).toBe(5000);
    expect(await till.payments.find(paymentId)).toMatchObject({ state: 'authorized' });
  });

  it('asks a provider that is not configured any more nothing, and nobody else either', async () => {
    const { bank, till } = atBank();
    const payments = till.payments;
    bank.disturbedBy(() => Promise.reject(PaymentsErrors.providerUnavailable()));
    const asked = request();
    await expect(till.authorize(asked)).rejects.toThrow();
    const other = new Bank();
    const moved = aTill(payments, { active: other, find: () => undefined });
    await expect(moved.authorize(asked)).rejects.toThrow(/sandbox, which is not configured/);
    expect(other.holds.size).toBe(0);
  });

  it('holds nothing for an order that was released before', async () => {
    const { bank, till } = atBank();
    const asked = request();
    await till.release(asked.orderId);
    await expect(till.authorize(asked)).rejects.toMatchObject({ code: 'payments.order-released', kind: 'conflict' });
    expect(bank.holds.size).toBe(0);
    expect(await till.payments.list({ orderId: asked.orderId })).toMatchObject([{ state: 'voided' }]);
  });

  it.each(['before', 'after'] as const)(
    'holds nothing when its order is released just %s the provider acts',
    async (moment) => {
      const { bank, till } = atBank();
      const asked = request();
      bank.disturbedBy(async (when, act) => {
        if (act === 'authorize' && when === moment) await till.release(asked.orderId);
      });
      await expect(till.authorize(asked)).rejects.toMatchObject({ code: 'payments.order-released' });
      expect(bank.held).toBe(0);
      expect(await till.payments.list({ orderId: asked.orderId })).toMatchObject([{ state: 'voided' }]);
    },
  );

  it('leaves nothing held when the provider fails again and again, once the order is released', async () => {
    const { bank, till } = atBank();
    const asked = request();
    bank.disturbedBy(async (when, act) => {
      if (act === 'authorize' && when === 'after') throw PaymentsErrors.providerUnavailable();
      if (act === 'void') throw PaymentsErrors.providerUnavailable();
    });
    await expect(till.authorize(asked)).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(till.release(asked.orderId)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(bank.held).toBe(5000);
    bank.disturbedBy(async () => {});
    await expect(till.authorize(asked)).rejects.toMatchObject({ code: 'payments.order-released' });
    await till.release(asked.orderId);
    expect(bank.held).toBe(0);
  });
});
