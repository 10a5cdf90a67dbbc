// ADR 0006
import { z } from 'zod';
import type { Clock } from '#platform/clock.ts';
import type { Call } from '#platform/contract.ts';
import { Failure } from '#platform/errors.ts';
import type { Outbox } from '#platform/outbox.ts';
import { saga, timedOut, type SagaDataOf, type SagaEnd, type SagaImplementation } from '#platform/sagas.ts';
import { PaymentsErrors, type PaymentsApi } from '../../payments/contract.ts';
import { Money, orderCancelled, orderPaid } from '../contract.ts';
import { cancellationOf, cancelled, confirmed, type Reason } from '../domain/order.ts';
import type { Orders } from '../domain/orders.ts';

/** From a placed order to a paid one, or to a cancelled one with nothing taken. Its id is the order's. */
export const Checkout = saga(
  'orders.checkout',
  1,
  z.object({
    orderId: z.uuid(),
    customerId: z.uuid(),
    total: Money,
    paymentToken: z.string(),
    paymentId: z.uuid().optional(),
  }),
  { fairBy: 'customerId' },
);

/** All that a checkout asks of payments. */
export interface Till {
  readonly authorize: Call<typeof PaymentsApi.authorize>;
  readonly capture: Call<typeof PaymentsApi.capture>;
  readonly release: Call<typeof PaymentsApi.release>;
}

/** `deadline` is in milliseconds. */
export function checkout(
  orders: Orders,
  payments: Till,
  outbox: Outbox,
  clock: Clock,
  deadline: number,
): SagaImplementation<SagaDataOf<typeof Checkout>> {
  return {
    deadline,
    steps: [
      {
        // Placing the order starts the saga. It is undone last, when the money is back.
        name: 'place',
        local: true,
        async undo({ orderId }, { reason }) {
          const change = await orders.update(orderId, cancelled(whyUnpaid(reason), clock.now()));
          if (change?.happened) outbox.add(orderCancelled, cancellationOf(change));
        },
      },
      {
        name: 'authorize',
        async run({ orderId, customerId, total, paymentToken }, { key }) {
          if (isFree(total)) return;
          try {
            return await payments.authorize({ idempotencyKey: key, orderId, customerId, amount: total, paymentToken });
          } catch (error) {
            // Counted here and not where the order is cancelled: that is undone otherwise if the customer cancels first.
            if (isDecline(error)) await orders.countDecline(customerId, clock.now());
            throw error;
          }
        },
        async undo({ orderId }) {
          await payments.release({ orderId });
        },
      },
      {
        // Needs no undo of its own: releasing the order's payment gives back what was captured as well.
        name: 'capture',
        async run({ total, paymentId }) {
          if (isFree(total)) return;
          await payments.capture({ paymentId: paymentId! });
        },
      },
      {
        // Refuses an order that was cancelled meanwhile, so that its money goes back.
        name: 'confirm',
        local: true,
        async run({ orderId, total }) {
          const paidAt = clock.now();
          const change = await orders.update(orderId, confirmed(paidAt));
          if (change?.happened) outbox.add(orderPaid, { orderId, total, paidAt: paidAt.toISOString() });
        },
      },
    ],
  };
}

/** An order without a price is paid without a payment: providers may refuse to charge zero. */
const isFree = ({ amount }: SagaDataOf<typeof Checkout>['total']): boolean => amount === 0;

/** Somebody who tries one card after the other gets these. */
const declines: readonly string[] = [
  PaymentsErrors.declined,
  PaymentsErrors.insufficientFunds,
  PaymentsErrors.invalidToken,
].map(({ code }) => code);
const isDecline = (error: unknown): boolean => error instanceof Failure && declines.includes(error.code);

/** In the words of a customer, who knows nothing of sagas. */
const whyUnpaid = (end: SagaEnd): Reason =>
  end.code === timedOut.code
    ? { code: 'orders.payment-timed-out', message: 'The payment was not completed in time.' }
    : { code: end.code, message: end.message };
