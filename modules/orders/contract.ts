/**
 * All that other modules may know of orders. Nothing else in this folder can be imported from outside it.
 * Within a version an optional field may be added; any other change is a new version beside the old.
 */
import { z } from 'zod';
import { api, command, errors, event, query } from '#platform/contract.ts';

/** No total of an order exceeds this many minor units, so sums stay exact in a double and in a bigint column. */
export const largestAmount = 1_000_000_000_000;
const mostItems = 100;
export const Currency = z.enum(['EUR', 'USD', 'GBP', 'CHF']);
export const Money = z
  .object({
    amount: z.int().nonnegative().max(largestAmount).describe('in minor units: 1999 is EUR 19.99'),
    currency: Currency,
  })
  .meta({ id: 'Money' });
export const Sku = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'Up to 64 letters, digits, dots, dashes and underscores.')
  .meta({ examples: ['tea-sencha'] });

export const Product = z
  .object({
    sku: Sku,
    name: z.string(),
    price: Money,
    stock: z.int().nonnegative().describe('the quantity that can still be ordered'),
    version: z.int().positive(),
  })
  .meta({ id: 'Product' });

export const OrderStatus = z.enum(['pending', 'paid', 'cancelled']);
export const Order = z
  .object({
    id: z.uuid(),
    customerId: z.uuid().nullable().describe('null once the person was erased'),
    status: OrderStatus,
    items: z
      .array(z.object({ sku: Sku, name: z.string(), quantity: z.int().positive(), unitPrice: Money }))
      .max(mostItems),
    total: Money,
    cancellation: z
      .object({ code: z.string(), message: z.string() })
      .nullable()
      .describe('the reason for the cancellation'),
    history: z.array(z.object({ status: OrderStatus, at: z.iso.datetime() })).max(10),
    version: z.int().positive(),
    placedAt: z.iso.datetime(),
  })
  .meta({ id: 'Order' });

export const OrdersErrors = errors('orders', {
  productNotFound: ['not-found', 'There is no such product.'],
  skuTaken: ['conflict', 'There is a product with this SKU already.'],
  changedMeanwhile: ['conflict', 'Somebody changed this meanwhile. Read it again and repeat the change.'],
  orderNotFound: ['not-found', 'There is no such order.'],
  alreadyCancelled: ['conflict', 'The order has been cancelled.'],
  unknownProduct: ['invalid', 'The order names a product that is not in the catalogue.'],
  outOfStock: ['conflict', 'There is not enough stock.'],
  mixedCurrencies: ['invalid', 'All items of an order must have the same currency.'],
  tooManyPending: ['too-many', 'Too many of your orders are not paid yet. Wait until they are, or cancel some.'],
  tooManyDeclines: ['too-many', 'Too many of your payments were refused. Try again later.'],
  totalTooLarge: ['invalid', 'The total of the order is too large.'],
});

const limit = z.int().min(1).max(100).default(20);
const cursor = 'the `nextCursor` of the page before';
const nextCursor = z.string().nullable().describe('null on the last page');

export const OrdersApi = api('orders', {
  listProducts: query(1, {
    summary: 'The catalogue, by SKU.',
    input: z.object({ cursor: Sku.optional().describe(cursor), limit }),
    output: z.object({ data: z.array(Product), nextCursor }),
    errors: [],
  }),
  getProduct: query(1, {
    input: z.object({ sku: Sku }),
    output: Product,
    errors: [OrdersErrors.productNotFound],
  }),
  addProduct: command(1, {
    input: z.object({
      sku: Sku,
      name: z.string().trim().min(1).max(200),
      price: Money,
      stock: z.int().nonnegative().max(1_000_000_000),
    }),
    output: Product,
    errors: [OrdersErrors.skuTaken],
  }),
  changeProduct: command(1, {
    input: z.object({
      sku: Sku,
      name: z.string().trim().min(1).max(200).optional(),
      price: Money.optional(),
      stock: z
        .int()
        .nonnegative()
        .max(1_000_000_000)
        .optional()
        .describe('the quantity that can be ordered from now on'),
      expectedVersion: z.int().positive().optional(),
    }),
    output: Product,
    errors: [OrdersErrors.productNotFound, OrdersErrors.changedMeanwhile],
  }),
  placeOrder: command(1, {
    summary: 'Reserves stock and starts the checkout. Prices come from the catalogue.',
    input: z.object({
      customerId: z.uuid(),
      items: z
        .array(z.object({ sku: Sku, quantity: z.int().min(1).max(10_000) }))
        .min(1)
        .max(mostItems),
      paymentToken: z
        .string()
        .min(1)
        .max(200)
        .meta({ examples: ['tok_visa'] }),
    }),
    output: Order,
    errors: [
      OrdersErrors.unknownProduct,
      OrdersErrors.outOfStock,
      OrdersErrors.mixedCurrencies,
      OrdersErrors.totalTooLarge,
      OrdersErrors.tooManyPending,
      OrdersErrors.tooManyDeclines,
    ],
  }),
  getOrder: query(1, {
    input: z.object({
      orderId: z.uuid(),
      customerId: z.uuid().optional().describe('the customer it must belong to; absent: any'),
    }),
    output: Order,
    errors: [OrdersErrors.orderNotFound],
  }),
  /** Separate from getOrder so that a caller that waits says so. */
  awaitCheckout: query(1, {
    summary: 'The order when its checkout has ended, or as it is after `timeout`.',
    input: z.object({ orderId: z.uuid(), timeout: z.int().min(0).max(30_000).describe('milliseconds') }),
    output: Order,
    errors: [OrdersErrors.orderNotFound],
  }),
  listOrders: query(1, {
    summary: 'The newest first.',
    input: z.object({ cursor: z.uuid().optional().describe(cursor), limit, customerId: z.uuid().optional() }),
    output: z.object({ data: z.array(Order), nextCursor }),
    errors: [],
  }),
  cancelOrder: command(1, {
    summary: 'Returns the stock and the money. Repeating it is harmless.',
    input: z.object({ orderId: z.uuid(), customerId: z.uuid().optional() }),
    output: Order,
    errors: [OrdersErrors.orderNotFound],
  }),
  exportPersonalData: query(1, {
    summary:
      'By pages, the newest first. Without a limit, as version 0.1.0 asks, all at once, or `unavailable` where that is too much.',
    actsFor: 'userId',
    input: z.object({ userId: z.uuid(), cursor: z.uuid().optional(), limit: z.int().min(1).max(100).optional() }),
    output: z.object({
      orders: z.array(Order),
      nextCursor: z
        .string()
        .nullable()
        .optional()
        .describe('null on the last page; version 0.1.0 returns everything and no cursor'),
    }),
    errors: [],
  }),
});

export const orderPlaced = event('orders.order-placed', 1, {
  summary: 'When a customer ordered and the stock is reserved; nothing is paid yet.',
  key: 'orderId',
  payload: z.object({ orderId: z.uuid(), customerId: z.uuid(), total: Money, placedAt: z.iso.datetime() }),
});

export const orderPaid = event('orders.order-paid', 1, {
  summary: 'When the money for the whole order is ours.',
  key: 'orderId',
  payload: z.object({ orderId: z.uuid(), total: Money, paidAt: z.iso.datetime() }),
});

export const orderCancelled = event('orders.order-cancelled', 1, {
  summary: 'When an order will not be fulfilled and its stock is back; a module that holds money for it gives it back.',
  key: 'orderId',
  payload: z.object({
    orderId: z.uuid(),
    reason: z.object({ code: z.string(), message: z.string() }),
    wasPaid: z.boolean().describe('false: the checkout itself releases the money it holds'),
    cancelledAt: z.iso.datetime(),
  }),
});
