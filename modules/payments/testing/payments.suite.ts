/** The suite that every store of payments must pass, in memory and on PostgreSQL. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Transaction } from '#platform/transaction.ts';
import { disputeInLedger } from '../domain/ledger.ts';
import { authorized, captured, captureStarted, declined, voided, voidStarted } from '../domain/payment.ts';
import type { Payments } from '../domain/payments.ts';
import { requestRefund, settleRefund } from '../domain/refund.ts';
import { anIntent, euros, noon } from './payments.ts';

const later = new Date(noon.getTime() + 60_000);

export interface Kept {
  readonly transaction: Transaction;
  readonly payments: Payments;
  /** The ids of the ledger's transactions. */
  booked(): Promise<readonly string[]>;
}

/** `keep` gives an empty place for each test. */
export function paymentsSuite(keep: () => Promise<Kept>): void {
  async function setUp() {
    const kept = await keep();
    const { transaction, payments } = kept;
    const anOpened = async (fields: Parameters<typeof anIntent>[0] = {}) =>
      (await payments.open(anIntent(fields))).payment;
    async function aCaptured(fields: Parameters<typeof anIntent>[0] = {}) {
      const payment = await anOpened(fields);
      await payments.apply(payment.id, authorized('reference'), noon);
      await payments.apply(payment.id, captured(payment, noon), noon);
      return payment.id;
    }
    const refund = (paymentId: string, amount: number, id: string = randomUUID()) =>
      transaction(async () => {
        const payment = await payments.lock(paymentId);
        if (!payment) throw new Error('no payment');
        const requested = requestRefund(payment, { id, amount, reason: 'chipped', at: later });
        await payments.addRefund(requested.payment, requested.refund);
        return id;
      });
    const settle = (paymentId: string, refundId: string, status: 'succeeded' | 'failed') =>
      transaction(async () => {
        const payment = await payments.lock(paymentId);
        const pending = payment?.refunds.find(({ id }) => id === refundId);
        const settled =
          payment && pending && settleRefund(payment, pending, { status, reference: `re_${refundId}` }, later);
        if (settled) await payments.saveRefund(settled, later);
      });
    return { ...kept, anOpened, aCaptured, refund, settle };
  }

  describe('opening a payment', () => {
    it('stores what was asked for', async () => {
      const { payments } = await setUp();
      const intent = anIntent({ amount: euros(1999) });
      const { payment, fingerprint } = await payments.open(intent);
      expect(payment).toEqual({
        id: intent.id,
        orderId: intent.orderId,
        customerId: intent.customerId,
        state: 'authorizing',
        amount: euros(1999),
        captured: 0,
        refunded: 0,
        provider: 'sandbox',
        reference: null,
        decline: null,
        createdAt: noon,
      });
      expect(fingerprint).toBe(intent.fingerprint);
      expect(await payments.find(intent.id)).toEqual({ ...payment, refunds: [] });
    });

    it('finds the payment that was opened with the same key', async () => {
      const { payments } = await setUp();
      const first = anIntent();
      await payments.open(first);
      await payments.apply(first.id, authorized('reference'), noon);
      const again = await payments.open(anIntent({ idempotencyKey: first.idempotencyKey, fingerprint: 'another' }));
      expect(again.payment).toMatchObject({ id: first.id, state: 'authorized', reference: 'reference' });
      expect(again.fingerprint).toBe(first.fingerprint);
    });

    it('opens one payment for a key, however many ask at once', async () => {
      const { payments } = await setUp();
      const idempotencyKey = randomUUID();
      const opened = await Promise.all(Array.from({ length: 5 }, () => payments.open(anIntent({ idempotencyKey }))));
      expect(new Set(opened.map(({ payment }) => payment.id)).size).toBe(1);
    });

    it('is over before it began for an order that was released', async () => {
      const { payments } = await setUp();
      const intent = anIntent();
      await payments.release(intent.orderId, noon);
      expect((await payments.open(intent)).payment.state).toBe('voided');
    });
  });

  describe('a change', () => {
    it('is applied when the state allows it, and seen by everybody', async () => {
      const { payments, anOpened } = await setUp();
      const { id } = await anOpened();
      expect(await payments.apply(id, authorized('pi_1'), later)).toMatchObject({
        id,
        state: 'authorized',
        reference: 'pi_1',
      });
      expect(await payments.apply(id, captureStarted, later)).toMatchObject({ state: 'capturing', reference: 'pi_1' });
      expect(await payments.find(id)).toMatchObject({ state: 'capturing', reference: 'pi_1' });
    });

    it('keeps why a payment was declined', async () => {
      const { payments, anOpened } = await setUp();
      const { id } = await anOpened();
      const decline = { code: 'payments.declined', message: 'No.' };
      await payments.apply(id, declined(decline), later);
      expect(await payments.find(id)).toMatchObject({ state: 'declined', decline });
    });

    it('is refused when the state does not allow it, or there is no payment', async () => {
      const { payments, anOpened } = await setUp();
      const { id } = await anOpened();
      expect(await payments.apply(id, captureStarted, later)).toBeUndefined();
      expect(await payments.find(id)).toMatchObject({ state: 'authorizing' });
      expect(await payments.apply(randomUUID(), voided, later)).toBeUndefined();
    });

    it('that captures is booked once', async () => {
      const { payments, anOpened, booked } = await setUp();
      const payment = await anOpened();
      await payments.apply(payment.id, authorized('pi_1'), noon);
      const applied = await Promise.all(
        [1, 2, 3].map(() => payments.apply(payment.id, captured(payment, later), later)),
      );
      expect(applied.filter(Boolean)).toMatchObject([{ state: 'captured', captured: 5000 }]);
      expect(await booked()).toEqual([`capture:${payment.id}`]);
    });
  });

  describe('locking a payment', () => {
    it('needs a transaction, which would hold the lock', async () => {
      const { payments, anOpened } = await setUp();
      const { id } = await anOpened();
      await expect((async () => payments.lock(id))()).rejects.toThrow('needs a transaction');
    });

    it('keeps others from changing it meanwhile', async () => {
      const { transaction, payments, aCaptured } = await setUp();
      const id = await aCaptured();
      const refundOne = () =>
        transaction(async () => {
          const payment = (await payments.lock(id))!;
          const requested = requestRefund(payment, { id: randomUUID(), amount: 1, at: later });
          await payments.addRefund(requested.payment, requested.refund);
        });
      await Promise.all(Array.from({ length: 4 }, refundOne));
      expect(await payments.find(id)).toMatchObject({ refunded: 4, refunds: { length: 4 } });
    });

    it('finds nothing where there is none', async () => {
      const { transaction, payments } = await setUp();
      expect(await transaction(() => payments.lock(randomUUID()))).toBeUndefined();
    });
  });

  describe('releasing an order', () => {
    it('marks what is held or under way, and leaves what is over alone', async () => {
      const { payments, anOpened, aCaptured } = await setUp();
      const orderId = randomUUID();
      const underWay = await anOpened({ orderId });
      const held = await anOpened({ orderId });
      await payments.apply(held.id, authorized('pi_1'), noon);
      const taken = await aCaptured({ orderId });
      const another = await anOpened();

      const released = await payments.release(orderId, later);
      expect(new Map(released.map(({ id, state }) => [id, state]))).toEqual(
        new Map([
          [underWay.id, 'voiding'],
          [held.id, 'voiding'],
          [taken, 'captured'],
        ]),
      );
      expect(await payments.find(another.id)).toMatchObject({ state: 'authorizing' });
    });

    it('reaches a payment that is authorized only afterwards', async () => {
      const { payments, anOpened } = await setUp();
      const payment = await anOpened();
      await payments.release(payment.orderId, later);
      expect(await payments.apply(payment.id, authorized('pi_1'), later)).toBeUndefined();
      expect(await payments.find(payment.id)).toMatchObject({ state: 'voiding' });
    });

    it('never leaves an authorized payment behind, whichever comes first', async () => {
      const { payments } = await setUp();
      const orders = Array.from({ length: 20 }, () => anIntent());
      await Promise.all(
        orders.flatMap((intent) => [
          payments.open(intent).then(({ payment }) => payments.apply(payment.id, authorized('pi_1'), later)),
          payments.release(intent.orderId, later),
        ]),
      );
      const states = await Promise.all(orders.map(async ({ id }) => (await payments.find(id))?.state));
      for (const state of states) expect(['voiding', 'voided']).toContain(state);
    });
  });

  describe('refunds', () => {
    it('are stored with their payment', async () => {
      const { payments, aCaptured, refund } = await setUp();
      const paymentId = await aCaptured();
      const refundId = await refund(paymentId, 1200);
      expect(await payments.find(paymentId)).toMatchObject({
        refunded: 1200,
        refunds: [
          {
            id: refundId,
            paymentId,
            amount: 1200,
            reason: 'chipped',
            status: 'pending',
            reference: null,
            createdAt: later,
          },
        ],
      });
    });

    it('are booked when they succeed', async () => {
      const { payments, aCaptured, refund, settle, booked } = await setUp();
      const paymentId = await aCaptured();
      const refundId = await refund(paymentId, 1200);
      await settle(paymentId, refundId, 'succeeded');
      expect(await payments.find(paymentId)).toMatchObject({
        refunded: 1200,
        refunds: [{ status: 'succeeded', reference: `re_${refundId}` }],
      });
      expect(await booked()).toEqual([`capture:${paymentId}`, `refund:${refundId}`]);
    });

    it('that failed can be asked for again, and are booked back if they had succeeded', async () => {
      const { payments, aCaptured, refund, settle, booked } = await setUp();
      const paymentId = await aCaptured();
      const failed = await refund(paymentId, 5000);
      await settle(paymentId, failed, 'failed');
      const returned = await refund(paymentId, 5000);
      await settle(paymentId, returned, 'succeeded');
      await settle(paymentId, returned, 'failed');
      expect(await payments.find(paymentId)).toMatchObject({
        refunded: 0,
        refunds: [{ status: 'failed' }, { status: 'failed' }],
      });
      expect(await booked()).toEqual([`capture:${paymentId}`, `refund:${returned}`, `returned-refund:${returned}`]);
    });

    it('never exceed what was captured, however many are asked for at once', async () => {
      const { payments, aCaptured, refund } = await setUp();
      const paymentId = await aCaptured();
      const asked = await Promise.allSettled(Array.from({ length: 6 }, () => refund(paymentId, 1500)));
      expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
      expect((await payments.find(paymentId))?.refunded).toBe(4500);
    });
  });

  it('enters what is neither a capture nor a refund once', async () => {
    const { transaction, payments, aCaptured, booked } = await setUp();
    const paymentId = await aCaptured();
    const dispute = disputeInLedger('dp_1', { paymentId, provider: 'sandbox', amount: euros(1200), at: later });
    expect(await payments.isBooked(dispute.id)).toBe(false);
    for (let time = 0; time < 2; time++) await transaction(() => payments.book(dispute));
    expect(await payments.isBooked(dispute.id)).toBe(true);
    expect(await booked()).toEqual([`capture:${paymentId}`, dispute.id]);
  });

  it('keeps the name that a capture gives a payment whose authorization was never answered', async () => {
    const { payments, anOpened } = await setUp();
    const payment = await anOpened();
    await payments.apply(payment.id, voidStarted, noon);
    await payments.apply(payment.id, captured(payment, noon, 3000, 'pi_1'), noon);
    expect(await payments.find(payment.id)).toMatchObject({ state: 'captured', captured: 3000, reference: 'pi_1' });
  });

  describe('the list', () => {
    it('is newest first, by order or customer, and goes on where a page ended', async () => {
      const { payments, anOpened } = await setUp();
      const [orderId, customerId] = [randomUUID(), randomUUID()];
      const first = await anOpened({ orderId, customerId });
      const second = await anOpened({ customerId });
      const third = await anOpened({ orderId });
      const ids = async (filter: Parameters<Payments['list']>[0]) => (await payments.list(filter)).map(({ id }) => id);
      expect(await ids({ orderId })).toEqual([third.id, first.id]);
      expect(await ids({ customerId })).toEqual([second.id, first.id]);
      expect(await ids({ customerId, orderId })).toEqual([first.id]);
      expect(await ids({ limit: 2 })).toEqual([third.id, second.id]);
      expect(await ids({ limit: 2, before: second.id })).toEqual([first.id]);
    });
  });

  it('knows what nobody asked about any more', async () => {
    const { payments, anOpened, aCaptured } = await setUp();
    const forgotten = await anOpened();
    const voiding = await anOpened();
    await payments.apply(voiding.id, voidStarted, noon);
    const asked = await anOpened();
    await payments.apply(asked.id, authorized('pi_1'), noon);
    await payments.apply(asked.id, captureStarted, later);
    await aCaptured();
    const abandoned = await payments.abandoned(new Date(noon.getTime() + 1));
    expect(new Set(abandoned.map(({ id }) => id))).toEqual(new Set([forgotten.id, voiding.id]));
  });

  it('forgets who paid, now and in what arrives later', async () => {
    const { payments, aCaptured, refund } = await setUp();
    const customerId = randomUUID();
    const before = await aCaptured({ customerId });
    await refund(before, 100);
    const other = await aCaptured();
    await payments.forgetCustomer(customerId, later);
    const { payment: after } = await payments.open(anIntent({ customerId }));

    expect(await payments.find(before)).toMatchObject({
      customerId: null,
      captured: 5000,
      refunds: [{ amount: 100, reason: null }],
    });
    expect(after.customerId).toBeNull();
    expect((await payments.find(other))?.customerId).not.toBeNull();
    expect(await payments.list({ customerId })).toEqual([]);
  });
}
