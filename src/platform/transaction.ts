// ADR 0009, ADR 0016
/**
 * The transaction of a use case: its changes, events (`Outbox`) and started sagas (`Sagas`) are stored together or not
 * at all.
 *
 *     transaction(async () => {
 *       const order = await orders.place(request);
 *       outbox.add(orderPlaced, announcementOf(order));
 *       return order;
 *     })
 *
 * Commits when `work` resolves, rolls back when it rejects; see `Database.transaction`, which is behind it.
 */
export type Transaction = <T>(work: () => Promise<T>) => Promise<T>;

/** The token by which it is injected: tokens are classes, and this one resolves to a function. */
export const Transaction = class Transaction {} as unknown as abstract new () => Transaction;
