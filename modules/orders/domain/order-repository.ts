import type { Change, Order, OrderRequest, Transition } from './order.ts';

/** Keeps orders together with the stock they reserve. Where a customer is given, everybody else's orders do not exist. */
export abstract class OrderRepository {
  /**
   * Places what `place` allows, at the prices and with the stock of this very moment, and reserves it; throws what
   * `place` throws, what `requireRoom` throws of a customer who has too much under way, and `accountErased` for one who was
   * forgotten. `alongside` joins the transaction: what it stores exists when the order does.
   */
  abstract place(request: OrderRequest, alongside: (order: Order) => Promise<void>): Promise<Order>;

  /** Counts a payment of this customer that was refused. */
  abstract countDecline(customerId: string, at: Date): Promise<void>;

  /**
   * Takes an order through `transition`, and its stock back to the catalogue where that cancels it; throws what
   * `after` throws, and answers undefined where there is no such order. `alongside` joins the transaction; it is
   * left out when nothing changed.
   */
  abstract change(
    id: string,
    transition: Transition,
    alongside: (change: Change) => Promise<void>,
    customerId?: string,
  ): Promise<Order | undefined>;

  abstract find(id: string, customerId?: string): Promise<Order | undefined>;

  /** The newest first, at most `limit` of those placed before the order `before`. */
  abstract list(page: { before?: string | undefined; limit: number; customerId?: string | undefined }): Promise<Order[]>;

  /**
   * Keeps a customer's orders without the customer, those included that are being placed at this moment, and places
   * none any more. Answers which of them are pending.
   */
  abstract forgetCustomer(customerId: string, at: Date): Promise<string[]>;
}
