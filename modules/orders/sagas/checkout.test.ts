import { describe, expect, it } from 'vitest';
import { platformErrors } from '#platform/errors.ts';
import { runToEnd } from '#platform/in-memory-sagas.ts';
import { PaymentsErrors } from '../../payments/contract.ts';
import { cancelled } from '../domain/order.ts';
import { InMemoryTill } from '../testing/in-memory-till.ts';
import { aProduct, aRequest, atNoon, eur, inMemoryShop, noon } from '../testing/shop.ts';
import { checkout } from './checkout.ts';

async function setUp(payments = new InMemoryTill(), product: Parameters<typeof aProduct>[0] = {}) {
  const mug = aProduct({ stock: 5, ...product });
  const shop = inMemoryShop(mug);
  const order = await shop.orders.place(aRequest([{ sku: mug.sku, quantity: 2 }]));
  const saga = checkout(shop.orders, payments, shop.outbox, atNoon, 1000);
  const data = { orderId: order.id, customerId: order.customerId!, total: order.total, paymentToken: 'tok_visa' };
  return {
    ...shop,
    payments,
    runWith: (options: Parameters<typeof runToEnd>[2] = {}) => runToEnd(saga, data, { id: order.id, ...options }),
    outcome: async () => ({ order: await shop.orders.find(order.id), stock: await shop.stockOf(mug.sku) }),
    cancelByHand: () => shop.orders.update(order.id, cancelled({ code: 'orders.changed-mind', message: 'No.' }, noon)),
    again: () =>
      shop.orders.place(
        aRequest([{ sku: mug.sku, quantity: 1 }], {
          customerId: order.customerId!,
          limits: { pending: 9, declines: 1 },
        }),
      ),
    orderId: order.id,
    total: order.total,
  };
}

describe('the checkout', () => {
  it('takes the money, pays the order and says so', async () => {
    const { payments, outbox, runWith, outcome, orderId, total } = await setUp();
    expect(await runWith()).toMatchObject({ state: 'completed' });
    expect(await outcome()).toMatchObject({ order: { status: 'paid', version: 2 }, stock: 3 });
    expect(payments.taken.get(orderId)).toBe(total.amount);
    expect(outbox.events).toEqual([
      { name: 'orders.order-paid', payload: { orderId, total, paidAt: noon.toISOString() } },
    ]);
  });

  it('of an order that costs nothing asks nobody for money', async () => {
    const { payments, outbox, runWith, outcome, orderId, total } = await setUp(
      new InMemoryTill(PaymentsErrors.declined()),
      { price: eur(0) },
    );
    expect(await runWith()).toMatchObject({ state: 'completed' });
    expect(await outcome()).toMatchObject({ order: { status: 'paid', total: eur(0) }, stock: 3 });
    expect(payments.keys).toEqual([]);
    expect(outbox.events).toEqual([
      { name: 'orders.order-paid', payload: { orderId, total, paidAt: noon.toISOString() } },
    ]);
  });

  it('asks again under the same key when payments was away', async () => {
    const { payments, runWith, outcome, orderId } = await setUp(new InMemoryTill(platformErrors.unavailable()));
    await runWith();
    expect(await outcome()).toMatchObject({ order: { status: 'paid' } });
    expect(payments.keys).toEqual([`${orderId}:authorize`, `${orderId}:authorize`]);
  });

  it.each([
    [PaymentsErrors.declined(), 'payments.declined'],
    [PaymentsErrors.insufficientFunds(), 'payments.insufficient-funds'],
    [PaymentsErrors.invalidToken(), 'payments.invalid-token'],
    [PaymentsErrors.amountTooSmall(), 'payments.amount-too-small'],
  ])('ends with the order cancelled for the reason that payments gives (%s)', async (failure, code) => {
    const { outbox, runWith, outcome, orderId } = await setUp(new InMemoryTill(failure));
    const reason = { code, message: failure.message };
    expect(await runWith()).toMatchObject({ state: 'undone', undone: ['place'] });
    expect(await outcome()).toMatchObject({ order: { status: 'cancelled', cancellation: reason }, stock: 5 });
    expect(outbox.events).toEqual([
      { name: 'orders.order-cancelled', payload: { orderId, reason, wasPaid: false, cancelledAt: noon.toISOString() } },
    ]);
  });

  it.each([
    [PaymentsErrors.declined(), true],
    [PaymentsErrors.insufficientFunds(), true],
    [PaymentsErrors.invalidToken(), true],
    [PaymentsErrors.amountTooSmall(), false],
    [platformErrors.unavailable(), false],
  ])('counts what a card is refused for, and nothing else (%s: %s)', async (failure, counts) => {
    const { runWith, again } = await setUp(new InMemoryTill(failure));
    await runWith();
    const outcome = await again().then(
      () => 'placed',
      ({ code }) => code as string,
    );
    expect(outcome).toBe(counts ? 'orders.too-many-declines' : 'placed');
  });

  it('ends with the order cancelled, and any money released, when payments never answers', async () => {
    const silence = Array.from({ length: 3 }, () => platformErrors.deadlineExceeded());
    const { payments, runWith, outcome, orderId } = await setUp(new InMemoryTill(...silence));
    expect(await runWith({ tries: 3 })).toMatchObject({ undone: ['authorize', 'place'] });
    expect(await outcome()).toMatchObject({
      order: { status: 'cancelled', cancellation: { code: 'orders.payment-timed-out' } },
      stock: 5,
    });
    expect(payments.moneyOf(orderId)).toBe(0);
  });

  it.each(['authorize', 'capture', 'confirm'])(
    'gives money and stock back once when the order is cancelled before the step %s',
    async (step) => {
      const { payments, outbox, runWith, outcome, cancelByHand, orderId } = await setUp();
      await cancelByHand();
      const reason = { code: 'orders.changed-mind', message: 'No.' };
      await runWith({ cancelledBefore: (name) => (name === step ? reason : undefined) });
      expect(await outcome()).toMatchObject({ order: { cancellation: reason, version: 2 }, stock: 5 });
      expect(payments.moneyOf(orderId)).toBe(0);
      expect(outbox.events).toEqual([]);
    },
  );

  it('gives the money back when it finds at the very end that the order was cancelled', async () => {
    const { payments, runWith, outcome, cancelByHand, orderId } = await setUp();
    await cancelByHand();
    expect(await runWith()).toMatchObject({ state: 'undone', reason: { code: 'orders.already-cancelled' } });
    expect(await outcome()).toMatchObject({ order: { cancellation: { code: 'orders.changed-mind' } }, stock: 5 });
    expect(payments.moneyOf(orderId)).toBe(0);
  });
});
