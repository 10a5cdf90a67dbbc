import type { Order } from '../domain/order.ts';

/** A row of orders as both Prisma and the statements of the hot path give it. */
export interface OrderRow {
  readonly id: string;
  readonly customerId: string | null;
  readonly status: string;
  readonly currency: string;
  readonly total: number | bigint;
  readonly items: unknown;
  readonly history: unknown;
  readonly cancellation: unknown;
  readonly version: number;
  readonly placedAt: Date;
}

/** The documents within the row were written by this module in the shape of its contract. */
export const orderFrom = (row: OrderRow): Order => ({
  id: row.id,
  customerId: row.customerId,
  status: row.status as Order['status'],
  items: row.items as Order['items'],
  total: { amount: Number(row.total), currency: row.currency as Order['total']['currency'] },
  cancellation: row.cancellation as Order['cancellation'],
  history: row.history as Order['history'],
  version: row.version,
  placedAt: row.placedAt.toISOString(),
});
