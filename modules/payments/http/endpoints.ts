import { z } from 'zod';
import { endpoint, type Endpoint } from '#platform/endpoint.ts';
import type { Principal } from '#platform/context.ts';
import { Payment, PaymentsApi, PaymentsErrors, Refund } from '../contract.ts';

const { paymentNotFound, illegalTransition, refundTooLarge, tooManyRefunds, unknownProvider, invalidSignature } = PaymentsErrors;
const PaymentPath = z.object({ id: z.uuid() });

/** Administrators see every payment, everybody else their own. */
const visibleTo = ({ userId, roles }: Principal) => (roles.includes('admin') ? {} : { customerId: userId });

export const paymentsEndpoints: Endpoint[] = [
  endpoint(PaymentsApi, 'GET /v1/payments', {
    summary: 'Your payments, the newest first',
    description: 'Administrators see the payments of everybody.',
    access: 'user',
    query: PaymentsApi.listPayments.input.omit({ customerId: true }),
    answers: { status: 200, body: PaymentsApi.listPayments.output },
    async handle({ principal, query }, payments) {
      return { status: 200, body: await payments.listPayments({ ...query, ...visibleTo(principal) }) };
    },
  }),

  endpoint(PaymentsApi, 'GET /v1/payments/{id}', {
    summary: 'One of your payments, with its refunds',
    access: 'user',
    path: PaymentPath,
    answers: { status: 200, body: Payment },
    errors: [paymentNotFound],
    async handle({ principal, path }, payments) {
      return { status: 200, body: await payments.getPayment({ paymentId: path.id, ...visibleTo(principal) }) };
    },
  }),

  endpoint(PaymentsApi, 'POST /v1/payments/{id}/refunds', {
    summary: 'Give money back',
    description:
      'A part of what was captured, or without an amount all that is left. The provider moves the money after the answer, so its status is `pending` at first; `Prefer: wait=5` holds the answer until it is known.',
    access: 'admin',
    idempotent: true,
    waits: true,
    path: PaymentPath,
    body: PaymentsApi.refund.input.omit({ paymentId: true }),
    answers: { status: 201, body: Refund },
    errors: [paymentNotFound, illegalTransition, refundTooLarge, tooManyRefunds],
    async handle({ path, body }, payments) {
      return { status: 201, body: await payments.refund({ ...body, paymentId: path.id }) };
    },
    async settle({ path, wait }, payments, first) {
      if (!first.body) return first;
      const refund = await payments.awaitRefund({ paymentId: path.id, refundId: first.body.id, timeout: wait });
      return { ...first, body: refund };
    },
  }),

  endpoint(PaymentsApi, 'POST /v1/payments/webhooks/{provider}', {
    summary: 'Where a payment provider reports what happened there',
    description:
      'Signed by the provider, in the header `<Provider>-Signature`, over the time and the bytes of the body. A report is taken once; repeating it is harmless.',
    access: 'anyone',
    rawBody: true,
    path: z.object({ provider: z.string().max(50) }),
    answers: { status: 200, body: z.object({}) },
    errors: [unknownProvider, invalidSignature],
    async handle({ path: { provider }, headers, rawBody }, payments) {
      const signature = headers[`${provider}-signature`];
      if (typeof signature !== 'string' || !rawBody) throw invalidSignature();
      const report = { provider, signature, body: rawBody.toString('base64'), encoding: 'base64' as const };
      return { status: 200, body: await payments.receiveWebhook(report) };
    },
  }),
];
