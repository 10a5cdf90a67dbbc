import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aPendingOrder, aRequest, eur, later, newCustomer, noon, onSale } from '../testing/shop.ts';
import {
  cancellationOf,
  cancelled,
  changeOf,
  confirmed,
  mergeLines,
  place,
  returnedBy,
  type Order,
  type Transition,
} from './order.ts';

const reason = { code: 'orders.cancelled-by-customer', message: 'The customer cancelled the order.' };

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

describe('placing an order', () => {
  const mug = onSale({ sku: 'mug', price: eur(1250), stock: 3 });
  const tea = onSale({ sku: 'tea', name: 'Tea', price: eur(399), stock: 1 });

  it('takes names and prices from the catalogue, and adds them up', () => {
    const request = aRequest([
      { sku: 'tea', quantity: 1 },
      { sku: 'mug', quantity: 3 },
    ]);
    expect(place(request, newCustomer, [mug, tea])).toEqual({
      id: request.id,
      customerId: request.customerId,
      status: 'pending',
      items: [
        { sku: 'tea', name: 'Tea', quantity: 1, unitPrice: eur(399) },
        { sku: 'mug', name: 'A mug', quantity: 3, unitPrice: eur(1250) },
      ],
      total: eur(4149),
      cancellation: null,
      history: [{ status: 'pending', at: noon.toISOString() }],
      version: 1,
      placedAt: noon.toISOString(),
    });
  });

  it.each([
    ['a product nobody knows', [{ sku: 'cup', quantity: 1 }], 'orders.unknown-product'],
    [
      'more than there is',
      [
        { sku: 'tea', quantity: 1 },
        { sku: 'mug', quantity: 4 },
      ],
      'orders.out-of-stock',
    ],
  ])('refuses %s', (_, lines, code) => {
    expect(() => place(aRequest(lines), newCustomer, [mug, tea])).toThrow(expect.objectContaining({ code }));
  });

  it('refuses two currencies in one order', () => {
    const dollars = onSale({ sku: 'cap', price: { amount: 500, currency: 'USD' } });
    const request = aRequest([
      { sku: 'mug', quantity: 1 },
      { sku: 'cap', quantity: 1 },
    ]);
    expect(() => place(request, newCustomer, [mug, dollars])).toThrow(
      expect.objectContaining({ code: 'orders.mixed-currencies' }),
    );
  });

  it('takes a product that is named twice once, with both quantities', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ sku: fc.constantFrom('a', 'b', 'c'), quantity: fc.integer({ min: 1, max: 10_000 }) })),
        (lines) => {
          const merged = mergeLines(lines);
          expect(merged.map(({ sku }) => sku)).toEqual([...new Set(lines.map(({ sku }) => sku))]);
          for (const { sku, quantity } of merged) {
            const wanted = lines.filter((line) => line.sku === sku).reduce((sum, line) => sum + line.quantity, 0);
            expect(quantity).toBe(wanted);
          }
        },
      ),
    );
  });
});

describe('the life of an order', () => {
  const legalHistories = ['pending', 'pending paid', 'pending cancelled', 'pending paid cancelled'];
  const aTransition = fc
    .tuple(
      fc.constantFrom('paid', 'cancelled'),
      fc.date({ min: noon, max: new Date('2040-01-01'), noInvalidDate: true }),
    )
    .map(([to, at]): Transition => (to === 'paid' ? confirmed(at) : cancelled(reason, at)));

  /** Goes on after what is refused, as real callers do. */
  function tried(order: Order, transition: Transition): Order {
    try {
      return transition(order);
    } catch (error) {
      expect(error).toMatchObject({ code: 'orders.already-cancelled', kind: 'conflict' });
      expect(order.status).toBe('cancelled');
      return order;
    }
  }

  it('is legal whatever is asked of it, and every step of it is in its history and its version', () => {
    fc.assert(
      fc.property(fc.array(aTransition), (transitions) => {
        let order = deepFreeze(aPendingOrder());
        for (const transition of transitions) {
          const next = deepFreeze(tried(order, transition));
          expect(next.history.slice(0, order.history.length), 'history only grows').toEqual(order.history);
          expect(next.version - order.version).toBe(next.history.length - order.history.length);
          expect(next.status).toBe(next.history.at(-1)?.status);
          expect(next.cancellation !== null).toBe(next.status === 'cancelled');
          expect([next.id, next.customerId, next.items, next.total]).toEqual([
            order.id,
            order.customerId,
            order.items,
            order.total,
          ]);
          order = next;
        }
        expect(legalHistories).toContain(order.history.map(({ status }) => status).join(' '));
      }),
    );
  });

  it('is the same order when a step is repeated', () => {
    const paid = confirmed(later)(aPendingOrder());
    expect(confirmed(later)(paid)).toBe(paid);
    const over = cancelled(reason, later)(paid);
    expect(cancelled({ code: 'other', message: 'Another reason.' }, later)(over)).toBe(over);
  });

  it('cannot be paid once it is cancelled, so that its money goes back', () => {
    const over = cancelled(reason, later)(aPendingOrder());
    expect(() => confirmed(later)(over)).toThrow(expect.objectContaining({ kind: 'conflict' }));
  });

  it.each([
    ['pending', false, (order: Order) => order],
    ['paid', true, confirmed(noon)],
  ])('announces when a %s order was cancelled, why, and that it was paid: %s', (_, wasPaid, prepare) => {
    const before = prepare(aPendingOrder());
    const change = changeOf(before, cancelled(reason, later));
    expect(cancellationOf(change)).toEqual({ orderId: before.id, reason, wasPaid, cancelledAt: later.toISOString() });
  });

  it('returns the stock when it is cancelled, once, and at no other step', () => {
    const order = aPendingOrder();
    const cancelling = changeOf(order, cancelled(reason, later));
    expect(returnedBy(cancelling)).toEqual(order.items);
    expect(returnedBy(changeOf(cancelling.after, cancelled(reason, later)))).toEqual([]);
    expect(returnedBy(changeOf(order, confirmed(later)))).toEqual([]);
  });
});
