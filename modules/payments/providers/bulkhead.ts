/** Keeps a slow provider from taking up the process, and a customer with many payments there from taking up the provider. */
import { FairTurns } from '#platform/fair-turns.ts';
import { PaymentsErrors } from '../contract.ts';
import type { Patience, PaymentProvider } from '../domain/payment-provider.ts';
import type { Payment } from '../domain/payment.ts';

export interface BulkheadLimits {
  /** Requests to the provider under way at once. */
  readonly requests: number;
  /** The calls among them that one customer may have. */
  readonly share: number;
}

export const defaultLimits: BulkheadLimits = { requests: 128, share: 16 };

/** An erased person's payments belong to nobody, each to its own. */
const ownerOf = ({ customerId, id }: Pick<Payment, 'customerId' | 'id'>): string => customerId ?? id;

/** The provider, with customers taking turns. A request that gets no turn while the caller has patience was never sent. */
export function withinBulkhead(provider: PaymentProvider, { requests, share }: BulkheadLimits): PaymentProvider {
  const turns = new FairTurns<() => void>(requests, share);

  function startNext(): void {
    for (let start = turns.next(); start; start = turns.next()) start();
  }

  /** A signal is made when somebody first asks for it: only who has to wait does. */
  async function turn(customer: string, patience: Patience): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let hasStarted = false;
    const start = () => {
      hasStarted = true;
      resolve();
    };
    turns.add(customer, start);
    startNext();
    if (hasStarted) return;
    const giveUp = () => {
      turns.remove(customer, start);
      reject(
        PaymentsErrors.providerUnavailable({
          cause: new Error(`Too many requests to ${provider.name} are under way.`),
        }),
      );
    };
    const { signal } = patience;
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    await promise.finally(() => signal.removeEventListener('abort', giveUp));
  }

  async function inTurn<T>(customer: string, patience: Patience, ask: () => Promise<T>): Promise<T> {
    await turn(customer, patience);
    try {
      return await ask();
    } finally {
      turns.done(customer);
      startNext();
    }
  }

  return {
    name: provider.name,
    authorize: (request, patience) => inTurn(request.customerId, patience, () => provider.authorize(request, patience)),
    capture: (payment, patience) => inTurn(ownerOf(payment), patience, () => provider.capture(payment, patience)),
    void: (payment, patience) => inTurn(ownerOf(payment), patience, () => provider.void(payment, patience)),
    refund: (request, patience) => inTurn(ownerOf(request.payment), patience, () => provider.refund(request, patience)),
    // Mostly without asking the provider, and waited for by it.
    readReport: (...report) => provider.readReport(...report),
  };
}
