import { endpoint, fromPath, fromRequest, ownerUnless, type Endpoint } from '#platform/endpoint.ts';
import { PaymentsApi, PaymentsErrors } from '../contract.ts';

const paymentId = fromPath('id');

/** People with the role `support` see every payment, everybody else their own. */
const customerId = ownerUnless('support');

export const paymentsEndpoints: Endpoint[] = [
  endpoint(PaymentsApi.listPayments, 'GET /v1/payments', {
    summary: 'Your payments, the newest first',
    description: 'With the role `support`, the payments of everybody.',
    access: 'user',
    scope: 'payments:read',
    input: { customerId },
  }),

  endpoint(PaymentsApi.getPayment, 'GET /v1/payments/{id}', {
    summary: 'One of your payments, with its refunds',
    access: 'user',
    scope: 'payments:read',
    input: { paymentId, customerId },
  }),

  endpoint(PaymentsApi.refund, 'POST /v1/payments/{id}/refunds', {
    summary: 'Refund a payment',
    description:
      'Refunds the `amount`, or without one all that is left. The provider moves the money after the answer, so the status is `pending` at first; `Prefer: wait=5` holds the answer until it is final.',
    access: { role: 'support' },
    scope: 'refunds:write',
    idempotent: true,
    input: { paymentId },
    status: 201,
    settle: {
      by: PaymentsApi.awaitRefund,
      input: (refund, payment) => ({ paymentId: payment.paymentId, refundId: refund.id }),
    },
  }),

  endpoint(PaymentsApi.receiveWebhook, 'POST /v1/payments/webhooks/{provider}', {
    summary: "Receive a payment provider's report",
    description:
      'Signed by the provider, in the header `<Provider>-Signature`, over the time and the bytes of the body. A report is taken once; repeating it is harmless.',
    access: 'anyone',
    rawBody: true,
    input: {
      provider: fromPath('provider'),
      signature: fromRequest(({ headers, path }) => {
        const signature = headers[`${path?.provider}-signature`];
        if (typeof signature !== 'string') throw PaymentsErrors.invalidSignature();
        return signature;
      }),
      body: fromRequest(({ rawBody }) => rawBody!.toString('base64')),
      encoding: fromRequest(() => 'base64' as const),
    },
  }),
];
