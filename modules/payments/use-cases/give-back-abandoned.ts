import type { Clock } from '#platform/clock.ts';
import { backgroundContext } from '#platform/context.ts';
import type { Logger } from '#platform/logger.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Sagas } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { PaymentProviders } from '../domain/payment-provider.ts';
import { voidStarted } from '../domain/payment.ts';
import type { Payments } from '../domain/payments.ts';
import { givingBack } from './give-back.ts';

const hours = 60 * 60 * 1000;
const minute = 60 * 1000;

/** Callers retry until they know the outcome; a payment nobody asked about for this long is abandoned. */
const abandonedAfter = 2 * hours;

/** Gives back what is held, or was taken, where nobody finds out any more what came of a payment. */
export function giveBackAbandoned(
  transaction: Transaction,
  payments: Payments,
  outbox: Outbox,
  providers: PaymentProviders,
  sagas: Sagas,
  clock: Clock,
  logger: Logger,
): () => Promise<void> {
  const giveBack = givingBack(transaction, payments, outbox, providers, sagas, clock);
  return async () => {
    for (const { id } of await payments.abandoned(new Date(clock.now().getTime() - abandonedAfter))) {
      try {
        const voiding = await payments.apply(id, voidStarted, clock.now());
        if (voiding) await giveBack(voiding, backgroundContext(id, minute));
      } catch (error) {
        logger.warn('An abandoned payment could not be given back yet.', { paymentId: id, error });
      }
    }
  };
}
