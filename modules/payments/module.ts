/** The wiring of payments. */
import { Clock } from '#platform/clock.ts';
import { Database } from '#platform/database.ts';
import { Outbox } from '#platform/outbox.ts';
import { atStart, defineModule, every, on, run, use } from '#platform/module.ts';
import { Logger } from '#platform/logger.ts';
import { Sagas } from '#platform/sagas.ts';
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
import { forgetCustomer } from './reactions/forget-customer.ts';
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
  settings: PaymentsSettings,
  ports(bind) {
    bind(PrismaClient).toResolvedValue((database) => database.prisma(PrismaClient), [Database]);
    bind(Payments).toResolvedValue(prismaPayments, [Database, PrismaClient, Outbox]);
    bind(Reports).toResolvedValue(prismaReports, [Database, PrismaClient]);
    bind(PaymentProviders).toResolvedValue(configuredProviders, [PaymentsSettings]);
  },
  operations: {
    authorize: use(authorize, [Payments, PaymentProviders, Sagas, Clock]),
    capture: use(capture, [Payments, PaymentProviders, Clock]),
    release: use(release, [Payments, PaymentProviders, Sagas, Clock]),
    refund: use(refund, [Payments, Sagas, Clock]),
    awaitRefund: use(awaitRefund, [Payments, Sagas]),
    getPayment: use(getPayment, [Payments]),
    listPayments: use(listPayments, [Payments]),
    receiveWebhook: use(receiveWebhook, [Payments, Reports, PaymentProviders, Sagas, Clock, Logger]),
    exportPersonalData: use(exportPersonalData, [Payments]),
  },
  reactions: {
    'refund-cancelled-order': on(orderCancelled, refundCancelledOrder, [Payments, Sagas, Clock]),
    'forget-customer': on(personErased, forgetCustomer, [Payments, Clock]),
  },
  sagas: [run(RefundSaga, refundSteps, [Payments, PaymentProviders, Clock, Logger])],
  schedules: {
    'give-back-abandoned': every(tenMinutes, giveBackAbandoned, [Payments, PaymentProviders, Sagas, Clock, Logger]),
  },
  starts: [atStart(sayPlayMoney, [PaymentsSettings])],
  endpoints: paymentsEndpoints,
});
