import type { Change, Order, OrderRequest, Transition } from './order.ts';

/** Keeps orders together with the stock they reserve. Where a customer is given, everybody else's orders do not exist. */
export abstract class Orders {
  /** Stores what `place` makes of the request, the catalogue and the customer of this very moment, and reserves its stock. */
  abstract place(request: OrderRequest): Promise<Order>;

  /**
   * Stores what `transition` makes of an order that nothing else changes meanwhile, and returns the stock of one that it
   * cancels. Answers undefined where there is no such order.
   */
  abstract update(id: string, transition: Transition, customerId?: string): Promise<Change | undefined>;

  abstract find(id: string, customerId?: string): Promise<Order | undefined>;

  /** The newest first, at most `limit` of those placed before the order `before`. */
  abstract list(page: {
    before?: string | undefined;
    limit: number;
    customerId?: string | undefined;
  }): Promise<Order[]>;

  /** Counts a payment of this customer that was refused. */
  abstract countDecline(customerId: string, at: Date): Promise<void>;

  /**
   * Keeps a customer's orders without the customer, those included that are being placed at this moment, and places
   * none any more. Returns the ids of the pending orders.
   */
  abstract forgetCustomer(customerId: string, at: Date): Promise<string[]>;
}
