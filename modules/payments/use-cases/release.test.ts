import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PaymentsErrors } from '../contract.ts';
import { Bank } from '../testing/bank.ts';
import { InMemoryPayments } from '../testing/in-memory-payments.ts';
import { aTill } from '../testing/till.ts';

function setUp() {
  const bank = new Bank();
  const payments = new InMemoryPayments();
  return { bank, payments, till: aTill(payments, bank.asProviders), orderId: randomUUID() };
}

describe('releasing an order', () => {
  it('voids what is held', async () => {
    const { bank, till, payments, orderId } = setUp();
    const { paymentId } = await till.authorize({ orderId });
    await till.release(orderId);
    expect(bank.held).toBe(0);
    expect(await payments.find(paymentId)).toMatchObject({ state: 'voided' });
  });

  it('gives back all that was taken, by every payment of the order', async () => {
    const { bank, till, orderId } = setUp();
    const taken = await till.authorize({ orderId });
    await till.capture(taken.paymentId);
    await till.refund(taken.paymentId, 1000);
    await till.authorize({ orderId });
    await till.release(orderId);
    await till.settleRefunds();
    expect({ held: bank.held, kept: bank.kept }).toEqual({ held: 0, kept: 0 });
  });

  it('gives back once, however often it is asked for', async () => {
    const { bank, till, payments, orderId } = setUp();
    const { paymentId } = await till.authorize({ orderId });
    await till.capture(paymentId);
    await Promise.all([till.release(orderId), till.release(orderId)]);
    await till.release(orderId);
    await till.settleRefunds();
    expect(bank.kept).toBe(0);
    expect((await payments.find(paymentId))?.refunds).toHaveLength(1);
  });

  it('voids an authorization of which nobody knows whether it arrived', async () => {
    const { bank, till, orderId } = setUp();
    bank.disturbedBy(async (when) => {
      if (when === 'after') throw PaymentsErrors.providerUnavailable();
    });
    await expect(till.authorize({ orderId })).rejects.toMatchObject({ kind: 'unavailable' });
    bank.disturbedBy(async () => {});
    expect(bank.held).toBe(5000);
    await till.release(orderId);
    expect(bank.held).toBe(0);
  });

  it.each(['before', 'after'] as const)(
    'gives back what is captured meanwhile, the bank being asked %s it',
    async (moment) => {
      const { bank, till, payments, orderId } = setUp();
      const { paymentId } = await till.authorize({ orderId });
      bank.disturbedBy(async (when, act) => {
        if (act === 'capture' && when === moment) {
          bank.disturbedBy(async () => {});
          await till.release(orderId);
        }
      });
      const answer = await till.capture(paymentId).catch((error: Error & { code?: string }) => error.code);
      await till.settleRefunds();
      expect({ held: bank.held, kept: bank.kept }).toEqual({ held: 0, kept: 0 });
      const payment = await payments.find(paymentId);
      if (moment === 'before') {
        expect(answer).toBe('payments.illegal-transition');
        expect(payment).toMatchObject({ state: 'voided', captured: 0 });
      } else {
        expect(payment).toMatchObject({ state: 'captured', captured: 5000, refunded: 5000 });
        expect(payments.ledger.map(({ id }) => id.split(':')[0])).toEqual(['capture', 'refund']);
      }
    },
  );

  it('tries every payment, and says so when one of them could not be given back', async () => {
    const { bank, till, orderId } = setUp();
    await till.authorize({ orderId });
    await till.authorize({ orderId });
    let voids = 0;
    bank.disturbedBy(async (when, act) => {
      if (act === 'void' && when === 'before' && voids++ === 0) throw PaymentsErrors.providerUnavailable();
    });
    await expect(till.release(orderId)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(bank.held).toBe(5000);
    await till.release(orderId);
    expect(bank.held).toBe(0);
  });

  it('of which nothing is known changes nothing', async () => {
    const { bank, till, orderId } = setUp();
    await till.release(orderId);
    expect(bank.holds.size).toBe(0);
  });
});

describe('a payment that nobody finds out about any more', () => {
  it('is given back after some hours', async () => {
    const { bank, till, payments, orderId } = setUp();
    bank.disturbedBy(async (when) => {
      if (when === 'after') throw PaymentsErrors.providerUnavailable();
    });
    await expect(till.authorize({ orderId })).rejects.toMatchObject({ kind: 'unavailable' });
    bank.disturbedBy(async () => {});

    const started = till.time.now.getTime();
    till.time.now = new Date(started + 60 * 60 * 1000);
    await till.giveBackAbandoned();
    expect(bank.held, 'somebody may still ask').toBe(5000);
    till.time.now = new Date(started + 3 * 60 * 60 * 1000);
    await till.giveBackAbandoned();
    expect(bank.held).toBe(0);
    expect(await payments.list({ orderId })).toMatchObject([{ state: 'voided' }]);
  });

  it('is refunded when the provider had taken it, and does not stand in the way of the others', async () => {
    const { bank, till } = setUp();
    const [stuck, taken] = [await till.authorize(), await till.authorize()];
    bank.disturbedBy(async (when) => {
      if (when === 'after') throw PaymentsErrors.providerUnavailable();
    });
    for (const { paymentId } of [stuck, taken])
      await expect(till.capture(paymentId)).rejects.toMatchObject({ kind: 'unavailable' });
    till.time.now = new Date(till.time.now.getTime() + 3 * 60 * 60 * 1000);
    let voids = 0;
    bank.disturbedBy(async () => {
      if (voids++ === 0) throw PaymentsErrors.providerUnavailable();
    });
    await till.giveBackAbandoned();
    await till.settleRefunds();
    expect(bank.kept, 'the first of the two').toBe(5000);
    till.time.now = new Date(till.time.now.getTime() + 3 * 60 * 60 * 1000);
    await till.giveBackAbandoned();
    await till.settleRefunds();
    expect(bank.kept).toBe(0);
  });
});
