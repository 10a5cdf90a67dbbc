/** The wiring of orders. */
import { Audit } from '#platform/audit.ts';
import { Clock } from '#platform/clock.ts';
import { count } from '#platform/counts.ts';
import { Database } from '#platform/database.ts';
import { Outbox } from '#platform/outbox.ts';
import { atStart, defineModule, on, run, use } from '#platform/module.ts';
import { Sagas } from '#platform/sagas.ts';
import { Transaction } from '#platform/transaction.ts';
import { PaymentsApi } from '../payments/contract.ts';
import { personErased } from '../users/contract.ts';
import { loadCatalogue } from './seeds/load-catalogue.ts';
import { orderCancelled, orderPaid, orderPlaced, OrdersApi } from './contract.ts';
import { Catalogue } from './domain/catalogue.ts';
import { CheckoutLimits } from './domain/checkout-limits.ts';
import { Orders } from './domain/orders.ts';
import { ordersEndpoints } from './http/endpoints.ts';
import { PrismaClient } from './persistence/generated/client.ts';
import { postgresOrders } from './persistence/postgres-orders.ts';
import { prismaCatalogue } from './persistence/prisma-catalogue.ts';
import { forgetPerson } from './reactions/forget-person.ts';
import { Checkout, checkout } from './sagas/checkout.ts';
import { OrdersSettings } from './settings.ts';
import { addProduct } from './use-cases/add-product.ts';
import { awaitCheckout } from './use-cases/await-checkout.ts';
import { cancelOrder } from './use-cases/cancel-order.ts';
import { changeProduct } from './use-cases/change-product.ts';
import { exportPersonalData } from './use-cases/export-personal-data.ts';
import { getOrder } from './use-cases/get-order.ts';
import { getProduct } from './use-cases/get-product.ts';
import { listOrders } from './use-cases/list-orders.ts';
import { listProducts } from './use-cases/list-products.ts';
import { placeOrder } from './use-cases/place-order.ts';

export default defineModule('orders', {
  offers: OrdersApi,
  needs: [PaymentsApi.authorize, PaymentsApi.capture, PaymentsApi.release],
  publishes: [orderPlaced, orderPaid, orderCancelled],
  counts: {
    orders_placed_total: count(orderPlaced, { help: 'Orders that were placed.' }),
    orders_paid_total: count(orderPaid, { help: 'Orders that were paid.' }),
    orders_cancelled_total: count(orderCancelled, {
      help: 'Orders that were cancelled, by the reason.',
      labels: ({ reason }) => ({ reason: reason.code }),
    }),
  },
  settings: OrdersSettings,
  ports(bind) {
    bind(PrismaClient).toResolvedValue((database) => database.prisma(PrismaClient), [Database]);
    bind(Catalogue).toResolvedValue(prismaCatalogue, [PrismaClient]);
    bind(Orders).toResolvedValue(postgresOrders, [Database, PrismaClient]);
    bind(CheckoutLimits).toResolvedValue(
      ({ MAX_PENDING_ORDERS: pending, MAX_DECLINES_PER_HOUR: declines }) => ({ pending, declines }),
      [OrdersSettings],
    );
  },
  operations: {
    listProducts: use(listProducts, [Catalogue]),
    getProduct: use(getProduct, [Catalogue]),
    addProduct: use(addProduct, [Transaction, Catalogue, Audit]),
    changeProduct: use(changeProduct, [Transaction, Catalogue, Audit]),
    placeOrder: use(placeOrder, [Transaction, Orders, Outbox, Sagas, Clock, CheckoutLimits]),
    getOrder: use(getOrder, [Orders]),
    awaitCheckout: use(awaitCheckout, [Orders, Sagas]),
    listOrders: use(listOrders, [Orders]),
    cancelOrder: use(cancelOrder, [Transaction, Orders, Outbox, Sagas, Audit, Clock]),
    exportPersonalData: use(exportPersonalData, [Orders]),
  },
  reactions: {
    'forget-person': on(personErased, forgetPerson, [Transaction, Orders, Outbox, Sagas, Clock], {
      summary: 'Cancels unpaid orders, and keeps the others without the person.',
    }),
  },
  sagas: [
    run(
      Checkout,
      (orders, authorize, capture, release, outbox, clock, { CHECKOUT_TIMEOUT }) =>
        checkout(orders, { authorize, capture, release }, outbox, clock, CHECKOUT_TIMEOUT),
      [Orders, PaymentsApi.authorize, PaymentsApi.capture, PaymentsApi.release, Outbox, Clock, OrdersSettings],
    ),
  ],
  starts: [atStart(loadCatalogue, [Catalogue])],
  endpoints: ordersEndpoints,
  scopes: {
    'orders:read': 'See your orders',
    'orders:write': 'Place and cancel orders for you',
    'catalogue:write': 'Add and change products of the shop',
  },
});
