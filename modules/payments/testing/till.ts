/** The use cases of payments around a bank, without the rest of the program. */
import { v4 } from 'uuid';
import { backgroundContext } from '#platform/context.ts';
import { InMemoryAudit } from '#platform/in-memory-audit.ts';
import { InMemoryOutbox } from '#platform/in-memory-outbox.ts';
import { InMemorySagas, runToEnd } from '#platform/in-memory-sagas.ts';
import { inMemoryTransaction } from '#platform/in-memory-transaction.ts';
import type { PaymentProviders } from '../domain/payment-provider.ts';
import type { Payments } from '../domain/payments.ts';
import type { Reports } from '../domain/reports.ts';
import { RefundSaga, refundSteps } from '../sagas/refund-saga.ts';
import { authorize } from '../use-cases/authorize.ts';
import { capture } from '../use-cases/capture.ts';
import { giveBackAbandoned } from '../use-cases/give-back-abandoned.ts';
import { receiveWebhook } from '../use-cases/receive-webhook.ts';
import { refund } from '../use-cases/refund.ts';
import { release } from '../use-cases/release.ts';
import { InMemoryReports } from './in-memory-reports.ts';
import { euros, noon } from './payments.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export function aTill<P extends Payments>(
  payments: P,
  providers: PaymentProviders,
  transaction = inMemoryTransaction(),
  reports: Reports = new InMemoryReports(),
) {
  const audit = new InMemoryAudit();
  const outbox = new InMemoryOutbox();
  const sagas = new InMemorySagas();
  const errors: string[] = [];
  const logger = { ...quiet, error: (message: string) => void errors.push(message) };
  const time = { now: noon };
  const clock = { now: () => time.now };
  const context = () => backgroundContext('test', 5000);
  let settledRefunds = 0;

  const authorizing = authorize(transaction, payments, outbox, providers, sagas, clock);
  const capturing = capture(transaction, payments, outbox, providers, clock);
  const releasing = release(transaction, payments, outbox, providers, sagas, clock);
  const refunding = refund(transaction, payments, sagas, audit, clock);
  const receiving = receiveWebhook(transaction, payments, reports, outbox, providers, sagas, clock, logger);
  const givingBackAbandoned = giveBackAbandoned(transaction, payments, outbox, providers, sagas, clock, logger);
  const steps = refundSteps(transaction, payments, outbox, providers, clock, logger);

  return {
    transaction,
    payments,
    audit,
    outbox,
    sagas,
    /** The alarms that the operator got. */
    errors,
    time,

    authorize: (fields: Partial<Parameters<typeof authorizing>[0]> = {}) =>
      authorizing(
        {
          idempotencyKey: v4(),
          orderId: v4(),
          customerId: v4(),
          amount: euros(5000),
          paymentToken: 'tok_visa',
          ...fields,
        },
        context(),
      ),
    capture: (paymentId: string) => capturing({ paymentId }, context()),
    release: (orderId: string) => releasing({ orderId }, context()),
    refund: (paymentId: string, amount?: number, reason?: string) =>
      refunding(
        { paymentId, ...(amount !== undefined && { amount }), ...(reason !== undefined && { reason }) },
        context(),
      ),
    receive: (body: string | Buffer, signature: string, provider = 'sandbox') =>
      receiving({ provider, signature, body: Buffer.from(body).toString('base64'), encoding: 'base64' }, context()),
    giveBackAbandoned: givingBackAbandoned,

    /** One try of every refund that has not ended. */
    async tryRefunds(): Promise<void> {
      await Promise.allSettled(
        sagas.started.map(({ id, data }) => steps.steps[0]!.run!(RefundSaga.data.parse(data), { key: id })),
      );
    },

    /** Runs the refunds that were started and not run yet, as their sagas would. */
    async settleRefunds(): Promise<void> {
      while (settledRefunds < sagas.started.length) {
        const { id, data } = sagas.started[settledRefunds++] as (typeof sagas.started)[number];
        await runToEnd(steps, RefundSaga.data.parse(data), { id, tries: 50 });
      }
    },
  };
}

export type Till = ReturnType<typeof aTill>;
