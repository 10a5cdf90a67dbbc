import { InMemoryTable } from '#platform/in-memory-transaction.ts';
import { type Declines, withOneMore } from '../domain/checkout-limits.ts';
import { changeOf, place, returnedBy, type Order, type OrderRequest, type Transition } from '../domain/order.ts';
import { Orders } from '../domain/orders.ts';
import type { InMemoryCatalogue } from './in-memory-catalogue.ts';

export class InMemoryOrders extends Orders {
  readonly #orders = new InMemoryTable<string, Order>();
  readonly #erased = new InMemoryTable<string, true>();
  readonly #declines = new InMemoryTable<string, Declines>();
  readonly #catalogue: InMemoryCatalogue;

  constructor(catalogue: InMemoryCatalogue) {
    super();
    this.#catalogue = catalogue;
  }

  async place(request: OrderRequest) {
    const { customerId } = request;
    const customer = {
      isErased: this.#erased.has(customerId),
      pending: this.#of(customerId).filter(({ status }) => status === 'pending').length,
      declines: this.#declines.get(customerId),
    };
    const order = place(request, customer, this.#catalogue.productsOf(request.lines.map(({ sku }) => sku)));
    for (const { sku, quantity } of order.items) this.#catalogue.moveStock(sku, -quantity);
    this.#orders.set(order.id, order);
    return order;
  }

  async update(id: string, transition: Transition, customerId?: string) {
    const before = this.#found(id, customerId);
    if (!before) return undefined;
    const change = changeOf(before, transition);
    for (const { sku, quantity } of returnedBy(change)) this.#catalogue.moveStock(sku, quantity);
    if (change.happened) this.#orders.set(id, change.after);
    return change;
  }

  async find(id: string, customerId?: string) {
    return this.#found(id, customerId);
  }

  async list({
    before,
    limit,
    customerId,
  }: {
    before?: string | undefined;
    limit: number;
    customerId?: string | undefined;
  }) {
    return this.#newestFirst()
      .filter((order) => before === undefined || order.id < before)
      .filter((order) => customerId === undefined || order.customerId === customerId)
      .slice(0, limit);
  }

  async countDecline(customerId: string, at: Date) {
    if (!this.#erased.has(customerId)) this.#declines.set(customerId, withOneMore(this.#declines.get(customerId), at));
  }

  async forgetCustomer(customerId: string) {
    this.#erased.set(customerId, true);
    this.#declines.delete(customerId);
    const theirs = this.#of(customerId);
    for (const order of theirs) this.#orders.set(order.id, { ...order, customerId: null });
    return theirs.flatMap(({ id, status }) => (status === 'pending' ? [id] : []));
  }

  #found(id: string, customerId: string | undefined): Order | undefined {
    const order = this.#orders.get(id);
    return customerId === undefined || order?.customerId === customerId ? order : undefined;
  }

  #of = (customerId: string) => this.#newestFirst().filter((order) => order.customerId === customerId);

  /** Ids are UUIDs of version 7, which sort by time. */
  #newestFirst = () => [...this.#orders.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
}
