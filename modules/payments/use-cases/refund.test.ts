import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { mostRefunds, PaymentsErrors } from '../contract.ts';
import type { RefundAnswer } from '../domain/payment-provider.ts';
import { refundCancelledOrder } from '../reactions/refund-cancelled-order.ts';
import { Bank } from '../testing/bank.ts';
import { InMemoryPayments } from '../testing/in-memory-payments.ts';
import { euros, noon } from '../testing/payments.ts';
import { aTill } from '../testing/till.ts';
import { awaitRefund } from './await-refund.ts';
import { paymentView } from './view.ts';

async function aCaptured(bank = new Bank()) {
  const payments = new InMemoryPayments();
  const till = aTill(payments, bank.asProviders);
  const orderId = randomUUID();
  const { paymentId } = await till.authorize({ orderId });
  await till.capture(paymentId);
  return { bank, till, payments, orderId, paymentId };
}

describe('refunding a payment', () => {
  it('is promised at once, and done by its saga', async () => {
    const { bank, till, payments, paymentId } = await aCaptured();
    const refund = await till.refund(paymentId, 1200, 'chipped');
    expect(refund).toMatchObject({
      amount: euros(1200),
      reason: 'chipped',
      status: 'pending',
      createdAt: noon.toISOString(),
    });
    expect(bank.kept).toBe(5000);

    await till.settleRefunds();
    expect(bank.kept).toBe(3800);
    expect(await payments.find(paymentId)).toMatchObject({
      refunded: 1200,
      refunds: [{ id: refund.id, status: 'succeeded' }],
    });
    expect(till.outbox.events.at(-1)).toMatchObject({
      name: 'payments.payment-refunded',
      payload: { paymentId, refundId: refund.id, amount: euros(1200) },
    });
  });

  it('is recorded, also when it is refused, and without its reason', async () => {
    const { till, paymentId } = await aCaptured();
    await till.refund(paymentId, 1200, 'Ada was sad');
    await till.refund(paymentId, 4000).catch(() => {});
    expect(till.audit.entries).toMatchObject([
      { act: 'payments.refund', target: paymentId, outcome: 'done', details: { amount: 1200 } },
      {
        act: 'payments.refund',
        target: paymentId,
        outcome: 'refused',
        details: { reason: 'payments.refund-too-large' },
      },
    ]);
    expect(JSON.stringify(till.audit.entries)).not.toMatch(/Ada/);
  });

  it('never gives back more than was captured, however many ask at once', async () => {
    const { bank, till, paymentId } = await aCaptured();
    const asked = await Promise.allSettled(Array.from({ length: 5 }, () => till.refund(paymentId, 2000)));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    for (const refused of asked.filter((each) => each.status === 'rejected')) {
      expect(refused.reason).toMatchObject({ code: 'payments.refund-too-large', kind: 'conflict' });
    }
    await till.refund(paymentId);
    await till.settleRefunds();
    expect(bank.kept).toBe(0);
  });

  it('is done in a hundred parts at most, and the rest goes back when the order is cancelled', async () => {
    const { bank, till, payments, orderId, paymentId } = await aCaptured();
    for (let part = 0; part < mostRefunds; part++) await till.refund(paymentId, 1);
    await expect(till.refund(paymentId, 1)).rejects.toMatchObject({
      code: 'payments.too-many-refunds',
      kind: 'conflict',
    });
    expect(bank.kept).toBe(5000);
    await till.release(orderId);
    await till.settleRefunds();
    expect(bank.kept).toBe(0);
    const payment = (await payments.find(paymentId))!;
    expect(payment.refunds).toHaveLength(mostRefunds + 1);
    expect(
      paymentView(payment).refunds.map(({ id }) => id),
      'the latest are told',
    ).toEqual(payment.refunds.slice(1).map(({ id }) => id));
  });

  it('gives back once, however often its saga has to try', async () => {
    const { bank, till, payments, paymentId } = await aCaptured();
    let tries = 0;
    bank.disturbedBy(async (when) => {
      if (when === 'after' && tries++ < 3) throw PaymentsErrors.providerUnavailable();
    });
    await till.refund(paymentId, 1200);
    await till.settleRefunds();
    expect(tries).toBe(4);
    expect(bank.kept).toBe(3800);
    expect(payments.ledger).toHaveLength(2);
  });

  it('goes on until the provider has finished', async () => {
    class SlowBank extends Bank {
      asked = 0;
      override async refund(request: Parameters<Bank['refund']>[0]): Promise<RefundAnswer> {
        const answer = await super.refund(request);
        return ++this.asked < 4 ? { ...answer, status: 'pending' } : answer;
      }
    }
    const bank = new SlowBank();
    const { till, payments, paymentId } = await aCaptured(bank);
    await till.refund(paymentId);
    await till.settleRefunds();
    expect(bank.asked).toBe(4);
    expect(await payments.find(paymentId)).toMatchObject({ refunds: [{ status: 'succeeded' }] });
  });

  it('can be asked for again when it failed, and alarms the operator', async () => {
    class RefusingBank extends Bank {
      override refund = async (): Promise<RefundAnswer> => ({ status: 'failed', reference: null });
    }
    const { till, payments, paymentId } = await aCaptured(new RefusingBank());
    await till.refund(paymentId);
    await till.settleRefunds();
    expect(await payments.find(paymentId)).toMatchObject({ refunded: 0, refunds: [{ status: 'failed' }] });
    expect(till.errors).toEqual([expect.stringMatching(/refund failed/)]);
    expect((await till.refund(paymentId)).amount).toEqual(euros(5000));
  });

  it('is refused for what was not captured, and for what does not exist', async () => {
    const { till } = await aCaptured();
    const { paymentId } = await till.authorize();
    await expect(till.refund(paymentId)).rejects.toMatchObject({ code: 'payments.illegal-transition' });
    await expect(till.refund(randomUUID())).rejects.toMatchObject({ code: 'payments.payment-not-found' });
  });

  it('is looked up under its own payment only', async () => {
    const { till, payments, paymentId } = await aCaptured();
    const other = await till.authorize();
    const { id: refundId } = await till.refund(paymentId, 100);
    const wait = awaitRefund(payments, till.sagas);
    const found = await wait({ paymentId, refundId, timeout: 0 }, undefined as never);
    expect(found).toMatchObject({ id: refundId, status: 'pending' });
    await expect(wait({ paymentId: other.paymentId, refundId, timeout: 0 }, undefined as never)).rejects.toMatchObject({
      code: 'payments.payment-not-found',
    });
  });
});

describe('when an order is cancelled', () => {
  const cancelled = (orderId: string, wasPaid: boolean) => ({
    orderId,
    wasPaid,
    reason: { code: 'orders.cancelled', message: 'Changed their mind.' },
    cancelledAt: noon.toISOString(),
  });
  const delivery = { eventId: randomUUID(), key: '', occurredAt: noon, attempt: 1 };

  it('that was paid, what is left of its payment is given back, once', async () => {
    const { bank, till, payments, orderId, paymentId } = await aCaptured();
    await till.refund(paymentId, 1200);
    const react = refundCancelledOrder(till.transaction, payments, till.sagas, { now: () => noon });
    await react(cancelled(orderId, true), delivery);
    await react(cancelled(orderId, true), delivery);
    await till.settleRefunds();
    expect(bank.kept).toBe(0);
    expect((await payments.find(paymentId))?.refunds.map(({ amount }) => amount)).toEqual([1200, 3800]);
  });

  it('that was not paid, its checkout does that', async () => {
    const { bank, till, payments, orderId } = await aCaptured();
    await refundCancelledOrder(till.transaction, payments, till.sagas, { now: () => noon })(
      cancelled(orderId, false),
      delivery,
    );
    await till.settleRefunds();
    expect(bank.kept).toBe(5000);
  });
});
