/** The wiring of payments. */
import { Audit } from '#platform/audit.ts';
import { Clock } from '#platform/clock.ts';
import { count } from '#platform/counts.ts';
import { Database } from '#platform/database.ts';
import { Outbox } from '#platform/outbox.ts';
import { atStart, defineModule, every, on, run, use } from '#platform/module.ts';
import { Logger } from '#platform/logger.ts';
import { Sagas } from '#platform/sagas.ts';
import { Transaction } from '#platform/transaction.ts';
import { orderCancelled } from '../orders/contract.ts';
import { personErased } from '../users/contract.ts';
import { paymentCaptured, paymentRefunded, PaymentsApi } from './contract.ts';
import { PaymentProviders } from './domain/payment-provider.ts';
import { Payments } from './domain/payments.ts';
import { Reports } from './domain/reports.ts';
import { paymentsEndpoints } from './http/endpoints.ts';
import { PrismaClient } from './persistence/generated/client.ts';
import { prismaPayments } from './persistence/prisma-payments.ts';
import { prismaReports } from './persistence/prisma-reports.ts';
import { configuredProviders } from './providers/configured-providers.ts';
import { forgetPerson } from './reactions/forget-person.ts';
import { refundCancelledOrder } from './reactions/refund-cancelled-order.ts';
import { RefundSaga, refundSteps } from './sagas/refund-saga.ts';
import { PaymentsSettings } from './settings.ts';
import { authorize } from './use-cases/authorize.ts';
import { awaitRefund } from './use-cases/await-refund.ts';
import { capture } from './use-cases/capture.ts';
import { exportPersonalData } from './use-cases/export-personal-data.ts';
import { getPayment } from './use-cases/get-payment.ts';
import { giveBackAbandoned } from './use-cases/give-back-abandoned.ts';
import { listPayments } from './use-cases/list-payments.ts';
import { receiveWebhook } from './use-cases/receive-webhook.ts';
import { refund } from './use-cases/refund.ts';
import { release } from './use-cases/release.ts';
import { sayPlayMoney } from './use-cases/say-play-money.ts';

const tenMinutes = 10 * 60 * 1000;

export default defineModule('payments', {
  offers: PaymentsApi,
  publishes: [paymentCaptured, paymentRefunded],
  counts: {
    payments_captured_minor_units_total: count(paymentCaptured, {
      help: 'Money that was taken, in minor units of its currency.',
      by: ({ amount }) => amount.amount,
      labels: ({ amount }) => ({ currency: amount.currency }),
    }),
    payments_refunded_minor_units_total: count(paymentRefunded, {
      help: 'Money that was given back, in minor units of its currency.',
      by: ({ amount }) => amount.amount,
      labels: ({ amount }) => ({ currency: amount.currency }),
    }),
  },
  settings: PaymentsSettings,
  ports(bind) {
    bind(PrismaClient).toResolvedValue((database) => database.prisma(PrismaClient), [Database]);
    bind(Payments).toResolvedValue(prismaPayments, [Database, PrismaClient]);
    bind(Reports).toResolvedValue(prismaReports, [PrismaClient]);
    bind(PaymentProviders).toResolvedValue(configuredProviders, [PaymentsSettings]);
  },
  operations: {
    authorize: use(authorize, [Transaction, Payments, Outbox, PaymentProviders, Sagas, Clock]),
    capture: use(capture, [Transaction, Payments, Outbox, PaymentProviders, Clock]),
    release: use(release, [Transaction, Payments, Outbox, PaymentProviders, Sagas, Clock]),
    refund: use(refund, [Transaction, Payments, Sagas, Audit, Clock]),
    awaitRefund: use(awaitRefund, [Payments, Sagas]),
    getPayment: use(getPayment, [Payments]),
    listPayments: use(listPayments, [Payments]),
    receiveWebhook: use(receiveWebhook, [
      Transaction,
      Payments,
      Reports,
      Outbox,
      PaymentProviders,
      Sagas,
      Clock,
      Logger,
    ]),
    exportPersonalData: use(exportPersonalData, [Payments]),
  },
  reactions: {
    'refund-cancelled-order': on(orderCancelled, refundCancelledOrder, [Transaction, Payments, Sagas, Clock], {
      summary: 'Refunds an order that was paid.',
    }),
    // Its name is stored with deliveries, and as a queue at the broker.
    'forget-customer': on(personErased, forgetPerson, [Payments, Clock], {
      summary: 'Keeps the books without the name of the person.',
    }),
  },
  sagas: [run(RefundSaga, refundSteps, [Transaction, Payments, Outbox, PaymentProviders, Clock, Logger])],
  schedules: {
    'give-back-abandoned': every(tenMinutes, giveBackAbandoned, [
      Transaction,
      Payments,
      Outbox,
      PaymentProviders,
      Sagas,
      Clock,
      Logger,
    ]),
  },
  starts: [atStart(sayPlayMoney, [PaymentsSettings])],
  endpoints: paymentsEndpoints,
  scopes: { 'payments:read': 'See your payments and refunds', 'refunds:write': 'Refund payments' },
});
