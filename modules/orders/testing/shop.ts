/** Builders, and a shop in memory. */
import { v7 as uuid } from 'uuid';
import type { Clock } from '#platform/clock.ts';
import { InMemoryAudit } from '#platform/in-memory-audit.ts';
import { InMemoryOutbox } from '#platform/in-memory-outbox.ts';
import { InMemorySagas } from '#platform/in-memory-sagas.ts';
import { inMemoryTransaction } from '#platform/in-memory-transaction.ts';
import type { CheckoutLimits } from '../domain/checkout-limits.ts';
import { place, type Customer, type Line, type Order, type OrderRequest } from '../domain/order.ts';
import type { NewProduct, Product } from '../domain/product.ts';
import { InMemoryCatalogue } from './in-memory-catalogue.ts';
import { InMemoryOrders } from './in-memory-orders.ts';

export const noon = new Date('2030-01-01T12:00:00.000Z');
export const later = new Date('2030-01-01T12:05:00.000Z');
export const atNoon: Clock = { now: () => noon };

export const eur = (amount: number) => ({ amount, currency: 'EUR' as const });

export const aProduct = (fields: Partial<NewProduct> = {}): NewProduct => ({
  sku: `mug-${uuid()}`,
  name: 'A mug',
  price: eur(1250),
  stock: 10,
  ...fields,
});

export const onSale = (fields: Partial<NewProduct> = {}): Product => ({ ...aProduct(fields), version: 1 });

export const generous: CheckoutLimits = { pending: 1000, declines: 1000 };

export const aRequest = (lines: readonly Line[], fields: Partial<OrderRequest> = {}): OrderRequest => ({
  id: uuid(),
  customerId: uuid(),
  lines,
  limits: generous,
  placedAt: noon,
  ...fields,
});

export const newCustomer: Customer = { isErased: false, pending: 0, declines: undefined };

export function aPendingOrder(): Order {
  const mug = onSale();
  return place(aRequest([{ sku: mug.sku, quantity: 2 }]), newCustomer, [mug]);
}

export function inMemoryShop(...products: NewProduct[]) {
  const catalogue = new InMemoryCatalogue(products);
  const orders = new InMemoryOrders(catalogue);
  const stockOf = async (sku: string) => (await catalogue.find(sku))?.stock;
  return {
    transaction: inMemoryTransaction(),
    catalogue,
    orders,
    audit: new InMemoryAudit(),
    outbox: new InMemoryOutbox(),
    sagas: new InMemorySagas(),
    stockOf,
  };
}
