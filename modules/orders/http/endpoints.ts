import { z } from 'zod';
import type { Principal } from '#platform/context.ts';
import { endpoint, type Endpoint } from '#platform/endpoint.ts';
import { visibleLines } from '#platform/text.ts';
import { Order, OrdersApi, OrdersErrors, Product, Sku } from '../contract.ts';

const { productNotFound, skuTaken, changedMeanwhile } = OrdersErrors;
const { orderNotFound, unknownProduct, outOfStock, mixedCurrencies, totalTooLarge, tooManyPending, tooManyDeclines } = OrdersErrors;

const ProductPath = z.object({ sku: Sku });
const OrderPath = z.object({ id: z.uuid() });
const limit = z.int().min(1).max(100).default(20);
const cursor = 'the `nextCursor` of the page before';

/** Time for the answer itself, on top of what the client is ready to wait for the checkout. */
const answering = 5_000;

/** Administrators may see and cancel anybody's order. */
const ownerFor = ({ roles, userId }: Principal) => (roles.includes('admin') ? undefined : userId);

export const ordersEndpoints: Endpoint[] = [
  endpoint(OrdersApi, 'GET /v1/products', {
    summary: 'The catalogue, by SKU',
    access: 'anyone',
    query: z.object({ cursor: Sku.optional().describe(cursor), limit }),
    answers: { status: 200, body: OrdersApi.listProducts.output },
    async handle({ query }, orders) {
      return { status: 200, body: await orders.listProducts(query) };
    },
  }),

  endpoint(OrdersApi, 'GET /v1/products/{sku}', {
    summary: 'A product',
    access: 'anyone',
    versioned: true,
    path: ProductPath,
    answers: { status: 200, body: Product },
    errors: [productNotFound],
    async handle({ path }, orders) {
      const product = await orders.getProduct(path);
      return { status: 200, body: product, version: product.version };
    },
  }),

  endpoint(OrdersApi, 'POST /v1/products', {
    summary: 'Add a product',
    access: 'admin',
    idempotent: true,
    versioned: true,
    body: visibleLines(OrdersApi.addProduct.input),
    answers: { status: 201, body: Product },
    errors: [skuTaken],
    async handle({ body }, orders) {
      const product = await orders.addProduct(body);
      const headers = { location: `/v1/products/${product.sku}` };
      return { status: 201, body: product, version: product.version, headers };
    },
  }),

  endpoint(OrdersApi, 'PATCH /v1/products/{sku}', {
    summary: 'Change a product',
    description:
      '`stock` is what can be ordered from now on. Every order changes the stock and so the version: with `If-Match` nothing is changed that was ordered meanwhile.',
    access: 'admin',
    versioned: true,
    path: ProductPath,
    body: visibleLines(OrdersApi.changeProduct.input.omit({ sku: true, expectedVersion: true })),
    answers: { status: 200, body: Product },
    errors: [productNotFound, changedMeanwhile],
    async handle({ path, body, ifMatch }, orders) {
      const product = await orders.changeProduct({ ...path, ...body, expectedVersion: ifMatch });
      return { status: 200, body: product, version: product.version };
    },
  }),

  endpoint(OrdersApi, 'POST /v1/orders', {
    summary: 'Place an order',
    description:
      'Reserves the stock and starts the checkout, at the prices of the catalogue. The answer is the order as `pending`; with `Prefer: wait=5` it comes as soon as the order is `paid` or `cancelled`, after 5 seconds at the latest. An order whose payment fails is `cancelled` and says why; one that costs nothing is paid whatever the token.',
    access: 'user',
    idempotent: true,
    waits: true,
    body: OrdersApi.placeOrder.input.omit({ customerId: true }),
    answers: { status: 201, body: Order },
    errors: [unknownProduct, outOfStock, mixedCurrencies, totalTooLarge, tooManyPending, tooManyDeclines],
    async handle({ principal, body }, orders) {
      const order = await orders.placeOrder({ ...body, customerId: principal.userId });
      return { status: 201, body: order, headers: { location: `/v1/orders/${order.id}` } };
    },
    async settle({ wait }, orders, placed) {
      if (!placed.body) return placed;
      const order = await orders.awaitCheckout({ orderId: placed.body.id, timeout: wait }, { timeout: wait + answering });
      return { ...placed, body: order };
    },
  }),

  endpoint(OrdersApi, 'GET /v1/orders', {
    summary: 'Your orders, the newest first',
    access: 'user',
    query: z.object({ cursor: z.uuid().optional().describe(cursor), limit }),
    answers: { status: 200, body: OrdersApi.listOrders.output },
    async handle({ principal, query }, orders) {
      return { status: 200, body: await orders.listOrders({ ...query, customerId: principal.userId }) };
    },
  }),

  endpoint(OrdersApi, 'GET /v1/orders/{id}', {
    summary: 'One of your orders',
    access: 'user',
    path: OrderPath,
    answers: { status: 200, body: Order },
    errors: [orderNotFound],
    async handle({ principal, path }, orders) {
      return { status: 200, body: await orders.getOrder({ orderId: path.id, customerId: ownerFor(principal) }) };
    },
  }),

  endpoint(OrdersApi, 'POST /v1/orders/{id}/cancel', {
    summary: 'Cancel one of your orders',
    description: 'Its stock is back at once; money that was paid follows. Cancelling it again changes nothing.',
    access: 'user',
    idempotent: true,
    path: OrderPath,
    answers: { status: 200, body: Order },
    errors: [orderNotFound],
    async handle({ principal, path }, orders) {
      return { status: 200, body: await orders.cancelOrder({ orderId: path.id, customerId: ownerFor(principal) }) };
    },
  }),
];
