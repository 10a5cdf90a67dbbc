/**
 * The life of an order: placed (pending) with its stock reserved, then paid or cancelled; a paid one can still be
 * cancelled. Every change of status adds one entry to the history and one to the version.
 */
import type { z } from 'zod';
import type { PayloadOf } from '#platform/contract.ts';
import { platformErrors } from '#platform/errors.ts';
import { OrdersErrors, type orderCancelled, type Order as OrderSchema } from '../contract.ts';
import type { CheckoutLimits } from './checkout-limits.ts';
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

/** Somebody asks with a token that will be refused everywhere in a moment. */
export const accountErased = () => platformErrors.unauthenticated('This account was erased.');

/** Naming a product twice means wanting both. */
export function mergeLines(lines: readonly Line[]): Line[] {
  const quantities = new Map<string, number>();
  for (const { sku, quantity } of lines) quantities.set(sku, (quantities.get(sku) ?? 0) + quantity);
  return [...quantities].map(([sku, quantity]) => ({ sku, quantity }));
}

/** The order as the catalogue allows it: its prices, and no more than its stock. */
export function place({ id, customerId, lines, placedAt }: OrderRequest, catalogue: readonly Product[]): Order {
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

export type Transition =
  | { readonly to: 'paid'; readonly at: Date }
  | { readonly to: 'cancelled'; readonly at: Date; readonly reason: Reason };

export const confirmed = (at: Date): Transition => ({ to: 'paid', at });
export const cancelled = (reason: Reason, at: Date): Transition => ({ to: 'cancelled', at, reason });

/** From where each status can be reached. */
export const origins: Readonly<Record<Transition['to'], readonly OrderStatus[]>> = {
  paid: ['pending'],
  cancelled: ['pending', 'paid'],
};

/** The order after `transition`. One that is there already is answered unchanged, so that repeating is harmless. */
export function after(order: Order, transition: Transition): Order {
  if (order.status === transition.to) return order;
  if (!origins[transition.to].includes(order.status)) throw OrdersErrors.alreadyCancelled();
  return {
    ...order,
    status: transition.to,
    cancellation: transition.to === 'cancelled' ? transition.reason : null,
    history: [...order.history, { status: transition.to, at: transition.at.toISOString() }],
    version: order.version + 1,
  };
}

/** An order before and after a transition; the same object where there was nothing left to do. */
export interface Change {
  readonly before: Order;
  readonly after: Order;
}

/** The payload that announces a cancelled order. */
export function cancellationOf({ before, after: order }: Change): PayloadOf<typeof orderCancelled> {
  const { cancellation, history } = order;
  if (!cancellation) throw new TypeError(`Order ${order.id} is not cancelled.`);
  return { orderId: order.id, reason: cancellation, wasPaid: before.status === 'paid', cancelledAt: history.at(-1)!.at };
}
