import { type CheckoutRecord, declinesCountFor, requireRoom } from '../domain/checkout-limits.ts';
import { accountErased, after, place, type Change, type Order, type OrderRequest, type Transition } from '../domain/order.ts';
import { OrderRepository } from '../domain/order-repository.ts';
import type { InMemoryCatalogue } from './in-memory-catalogue.ts';

export class InMemoryOrders extends OrderRepository {
  readonly #orders = new Map<string, Order>();
  readonly #erased = new Set<string>();
  readonly #declined = new Map<string, Omit<CheckoutRecord, 'pending'>>();
  readonly #catalogue: InMemoryCatalogue;
  #last: Promise<unknown> = Promise.resolve();

  constructor(catalogue: InMemoryCatalogue) {
    super();
    this.#catalogue = catalogue;
  }

  place(request: OrderRequest, alongside: (order: Order) => Promise<void>) {
    return this.#inTurn(async () => {
      if (this.#erased.has(request.customerId)) throw accountErased();
      const declined = this.#declined.get(request.customerId) ?? { declines: 0, declinesUntil: null };
      const pending = this.#of(request.customerId).filter(({ status }) => status === 'pending').length;
      requireRoom({ pending, ...declined }, request.limits, request.placedAt);
      const order = place(request, this.#catalogue.productsOf(request.lines.map(({ sku }) => sku)));
      await alongside(order);
      for (const { sku, quantity } of order.items) this.#catalogue.moveStock(sku, -quantity);
      this.#orders.set(order.id, order);
      return order;
    });
  }

  async countDecline(customerId: string, at: Date) {
    if (this.#erased.has(customerId)) return;
    const { declines = 0, declinesUntil = null } = this.#declined.get(customerId) ?? {};
    if (declinesUntil && declinesUntil > at) this.#declined.set(customerId, { declines: declines + 1, declinesUntil });
    else this.#declined.set(customerId, { declines: 1, declinesUntil: new Date(at.getTime() + declinesCountFor) });
  }

  change(id: string, transition: Transition, alongside: (change: Change) => Promise<void>, customerId?: string) {
    return this.#inTurn(async () => {
      const before = await this.find(id, customerId);
      if (!before) return undefined;
      const changed = after(before, transition);
      if (changed === before) return before;
      await alongside({ before, after: changed });
      if (changed.status === 'cancelled') {
        for (const { sku, quantity } of changed.items) this.#catalogue.moveStock(sku, quantity);
      }
      this.#orders.set(id, changed);
      return changed;
    });
  }

  async find(id: string, customerId?: string) {
    const order = this.#orders.get(id);
    return customerId === undefined || order?.customerId === customerId ? order : undefined;
  }

  async list({ before, limit, customerId }: { before?: string | undefined; limit: number; customerId?: string | undefined }) {
    return this.#newestFirst()
      .filter((order) => before === undefined || order.id < before)
      .filter((order) => customerId === undefined || order.customerId === customerId)
      .slice(0, limit);
  }

  forgetCustomer(customerId: string) {
    return this.#inTurn(async () => {
      this.#erased.add(customerId);
      this.#declined.delete(customerId);
      const theirs = this.#of(customerId);
      for (const order of theirs) this.#orders.set(order.id, { ...order, customerId: null });
      return theirs.flatMap(({ id, status }) => (status === 'pending' ? [id] : []));
    });
  }

  #of = (customerId: string) => this.#newestFirst().filter((order) => order.customerId === customerId);

  /** Runs works one after the other, as a database's locks do. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Ids are UUIDs of version 7, which sort by time. */
  #newestFirst = () => [...this.#orders.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
}
