/**
 * The life of an order: placed (pending) with its stock reserved, then paid or cancelled; a paid one can still be
 * cancelled. Every change of status adds one entry to the history and one to the version.
 */
import type { z } from 'zod';
import type { PayloadOf } from '#platform/contract.ts';
import { platformErrors } from '#platform/errors.ts';
import { OrdersErrors, type orderCancelled, type Order as OrderSchema } from '../contract.ts';
import { type CheckoutLimits, type Declines, requireRoom } from './checkout-limits.ts';
import { sumOf, times } from './money.ts';
import type { Product } from './product.ts';

export type Order = Readonly<z.output<typeof OrderSchema>>;
export type OrderStatus = Order['status'];
export type Item = Readonly<Order['items'][number]>;
/** Why an order was cancelled. */
export type Reason = Readonly<NonNullable<Order['cancellation']>>;

export interface Line {
  readonly sku: string;
  readonly quantity: number;
}

/** A customer's request: each product once. */
export interface OrderRequest {
  readonly id: string;
  readonly customerId: string;
  readonly lines: readonly Line[];
  readonly limits: CheckoutLimits;
  readonly placedAt: Date;
}

/** Everything about a customer that decides on another order. */
export interface Customer {
  readonly isErased: boolean;
  /** How many of their orders are not paid yet. Orders that are placed at this very moment do not count. */
  readonly pending: number;
  readonly declines: Declines | undefined;
}

/** Naming a product twice means wanting both. */
export function mergeLines(lines: readonly Line[]): Line[] {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return [...quantities].map(([sku, quantity]) => ({ sku, quantity }));
}

/** The order as the customer may place it and the catalogue allows it: its prices, and no more than its stock. */
export function place(
  { id, customerId, lines, limits, placedAt }: OrderRequest,
  customer: Customer,
  catalogue: readonly Product[],
): Order {
  // The token of an erased customer is refused everywhere in a moment.
  if (customer.isErased) throw platformErrors.unauthenticated('This account was erased.');
  requireRoom(customer.pending, customer.declines, limits, placedAt);
  const products = new Map(catalogue.map((product) => [product.sku, product]));
  const items = lines.map((line) => itemFor(line, products.get(line.sku)));
  const at = placedAt.toISOString();
  return {
    id,
    customerId,
    status: 'pending',
    items,
    total: sumOf(items.map(({ unitPrice, quantity }) => times(unitPrice, quantity))),
    cancellation: null,
    history: [{ status: 'pending', at }],
    version: 1,
    placedAt: at,
  };
}

function itemFor({ sku, quantity }: Line, product: Product | undefined): Item {
  if (!product) throw OrdersErrors.unknownProduct(`There is no product ${sku} in the catalogue.`);
  if (product.stock < quantity) throw OrdersErrors.outOfStock(`Of ${sku}, ${product.stock} can be ordered.`);
  return { sku, name: product.name, quantity, unitPrice: product.price };
}

/** One step of an order's life. An order that has taken it already is returned unchanged, so that repeating is harmless. */
export type Transition = (order: Order) => Order;

export const confirmed =
  (at: Date): Transition =>
  (order) =>
    moved(order, 'paid', at, null);
export const cancelled =
  (reason: Reason, at: Date): Transition =>
  (order) =>
    moved(order, 'cancelled', at, reason);

/** From where each status can be reached. */
const origins = {
  paid: ['pending'],
  cancelled: ['pending', 'paid'],
} satisfies Partial<Record<OrderStatus, OrderStatus[]>>;

function moved(order: Order, status: keyof typeof origins, at: Date, cancellation: Reason | null): Order {
  if (order.status === status) return order;
  if (!origins[status].some((origin) => origin === order.status)) throw OrdersErrors.alreadyCancelled();
  return {
    ...order,
    status,
    cancellation,
    history: [...order.history, { status, at: at.toISOString() }],
    version: order.version + 1,
  };
}

/** An order before and after a transition. */
export interface Change {
  readonly before: Order;
  readonly after: Order;
  /** False where there was nothing left to do. */
  readonly happened: boolean;
}

export function changeOf(before: Order, transition: Transition): Change {
  const after = transition(before);
  return { before, after, happened: after !== before };
}

/** The stock that a change gives back: all that was reserved for an order that it cancels. */
export const returnedBy = ({ happened, after: { status, items } }: Change): readonly Line[] =>
  happened && status === 'cancelled' ? items : [];

/** The payload that announces a cancelled order. */
export function cancellationOf({ before, after: order }: Change): PayloadOf<typeof orderCancelled> {
  const { cancellation, history } = order;
  if (!cancellation) throw new TypeError(`Order ${order.id} is not cancelled.`);
  return {
    orderId: order.id,
    reason: cancellation,
    wasPaid: before.status === 'paid',
    cancelledAt: history.at(-1)!.at,
  };
}
