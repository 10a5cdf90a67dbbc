import { v7 as uuid } from 'uuid';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import { platformErrors } from '#platform/errors.ts';
import type { Logger } from '#platform/observability/logger.ts';
import { PaymentsErrors, type PaymentsApi } from '../contract.ts';
import type { PaymentProviders, Reported } from '../domain/payment-provider.ts';
import { captured, mayBecomeCaptured, type Payment, voided } from '../domain/payment.ts';
import type { Payments } from '../domain/payments.ts';
import { leftToRefund, requestRefund } from '../domain/refund.ts';
import type { Reports } from '../domain/reports.ts';
import { settlingRefund } from './settle-refund.ts';

type ReportedRefund = Extract<Reported, { kind: 'refund' }>;

/** A provider tells what it did. Mostly that is known already; where it is not, it is the truth. */
export function receiveWebhook(
  payments: Payments,
  reports: Reports,
  providers: PaymentProviders,
  clock: Clock,
  logger: Logger,
): Handler<typeof PaymentsApi, 'receiveWebhook'> {
  const settle = settlingRefund(payments, clock, logger);

  return async ({ provider: name, signature, body }, context) => {
    const provider = providers.find(name);
    if (!provider) throw PaymentsErrors.unknownProvider();
    const report = await provider.readReport(body, signature, clock.now(), context);
    await reports.once(name, report, clock.now(), async () => {
      const payment = report.reported && (await payments.find(report.reported.paymentId));
      if (payment?.provider !== name || !report.reported) return;
      await (report.reported.kind === 'refund' ? refunded(report.reported) : settled(payment, report.reported));
    });
    return {};
  };

  async function settled(payment: Payment, reported: Exclude<Reported, ReportedRefund>): Promise<void> {
    const now = clock.now();
    const change = reported.kind === 'voided' ? voided : captured(payment, now, reported.minorUnits);
    await payments.apply(payment.id, change, now);
  }

  async function refunded({ paymentId, refundId, reference, minorUnits, status }: ReportedRefund): Promise<void> {
    const id = refundId ?? (await refundAtProvider(paymentId, reference, minorUnits));
    if (id !== undefined && status !== 'pending') await settle(paymentId, id, { status, reference });
  }

  /** A refund that was not asked for here, but at the provider, is entered here. */
  function refundAtProvider(paymentId: string, reference: string | null, minorUnits: number): Promise<string | undefined> {
    return payments.locked(paymentId, async (payment) => {
      const known = payment?.refunds.find((refund) => refund.reference !== null && refund.reference === reference);
      if (!payment || known) return known?.id;
      // The report of the capture, or its answer, is still on the way. The provider sends this one again.
      if (mayBecomeCaptured(payment)) throw platformErrors.unavailable('It is not known yet what was captured of this payment.');
      if (payment.state !== 'captured' || minorUnits > leftToRefund(payment)) {
        logger.error('The provider reports a refund that does not fit the payment.', { paymentId, reference, minorUnits });
        return undefined;
      }
      const started = requestRefund(payment, { id: uuid(), amount: minorUnits, at: clock.now() });
      await payments.addRefund(started.payment, { ...started.refund, reference });
      return started.refund.id;
    });
  }
}
