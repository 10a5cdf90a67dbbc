import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Sagas } from '#platform/sagas.ts';
import type { Transaction } from '#platform/transaction.ts';
import { PaymentsErrors, type PaymentsApi } from '../contract.ts';
import type { PaymentProviders } from '../domain/payment-provider.ts';
import type { Payments } from '../domain/payments.ts';
import type { Reports } from '../domain/reports.ts';
import { judgingReports } from './judge-report.ts';

/** A provider tells what it did. Mostly that is known already; where it is not, it is the truth. */
export function receiveWebhook(
  transaction: Transaction,
  payments: Payments,
  reports: Reports,
  outbox: Outbox,
  providers: PaymentProviders,
  sagas: Sagas,
  clock: Clock,
  logger: Logger,
): Handler<typeof PaymentsApi, 'receiveWebhook'> {
  const judge = judgingReports(transaction, payments, outbox, sagas, clock, logger);

  return async ({ provider: name, signature, body, encoding }, context) => {
    const provider = providers.find(name);
    if (!provider) throw PaymentsErrors.unknownProvider();
    const report = await provider.readReport(Buffer.from(body, encoding), signature, clock.now(), context);
    const { reported } = report;
    await transaction(async () => {
      const isNew = await reports.add(name, report, clock.now());
      if (!isNew || !reported) return;
      const payment = await payments.lock(reported.paymentId);
      if (payment?.provider === name) await judge(payment, reported);
    });
    return {};
  };
}
