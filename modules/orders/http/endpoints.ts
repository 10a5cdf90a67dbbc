import { endpoint, fromIfMatch, fromPath, fromToken, ownerUnless, type Endpoint } from '#platform/endpoint.ts';
import { visibleLines } from '#platform/text.ts';
import { OrdersApi, OrdersErrors } from '../contract.ts';

const sku = fromPath('sku');
const orderId = fromPath('id');

export const ordersEndpoints: Endpoint[] = [
  endpoint(OrdersApi.listProducts, 'GET /v1/products', {
    summary: 'The catalogue, by SKU',
    access: 'anyone',
  }),

  endpoint(OrdersApi.getProduct, 'GET /v1/products/{sku}', {
    summary: 'A product',
    access: 'anyone',
    versioned: true,
    input: { sku },
  }),

  endpoint(OrdersApi.addProduct, 'POST /v1/products', {
    summary: 'Add a product',
    access: { role: 'catalogue' },
    scope: 'catalogue:write',
    idempotent: true,
    versioned: true,
    body: visibleLines,
    status: 201,
    headers: (product) => ({ location: `/v1/products/${product.sku}` }),
  }),

  endpoint(OrdersApi.changeProduct, 'PATCH /v1/products/{sku}', {
    summary: 'Change a product',
    description:
      '`stock` is the quantity that can be ordered from now on. Every order changes the stock, and so the version: `If-Match` refuses the change if something was ordered meanwhile.',
    access: { role: 'catalogue' },
    scope: 'catalogue:write',
    versioned: true,
    input: { sku, expectedVersion: fromIfMatch(OrdersErrors.changedMeanwhile) },
    body: visibleLines,
  }),

  endpoint(OrdersApi.placeOrder, 'POST /v1/orders', {
    summary: 'Place an order',
    description:
      'Reserves the stock and starts the checkout, at the prices of the catalogue. The answer is the order as `pending`; with `Prefer: wait=5` it comes as soon as the order is `paid` or `cancelled`, after 5 seconds at the latest. An order whose payment fails is `cancelled` and says why; one without a price is paid, whatever the token.',
    access: 'user',
    scope: 'orders:write',
    idempotent: true,
    input: { customerId: fromToken('userId') },
    status: 201,
    headers: (order) => ({ location: `/v1/orders/${order.id}` }),
    settle: { by: OrdersApi.awaitCheckout, input: (order) => ({ orderId: order.id }) },
  }),

  endpoint(OrdersApi.listOrders, 'GET /v1/orders', {
    summary: 'Your orders, the newest first',
    access: 'user',
    scope: 'orders:read',
    input: { customerId: fromToken('userId') },
  }),

  endpoint(OrdersApi.getOrder, 'GET /v1/orders/{id}', {
    summary: 'One of your orders',
    description: 'With the role `support`, any order.',
    access: 'user',
    scope: 'orders:read',
    input: { orderId, customerId: ownerUnless('support') },
  }),

  endpoint(OrdersApi.cancelOrder, 'POST /v1/orders/{id}/cancel', {
    summary: 'Cancel one of your orders',
    description:
      'Returns its stock at once, and the paid money after that. Repeating it is harmless. Administrators may cancel any order.',
    access: 'user',
    scope: 'orders:write',
    idempotent: true,
    input: { orderId, customerId: ownerUnless('admin') },
  }),
];
