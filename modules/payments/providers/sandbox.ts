/**
 * A provider that moves no money. Its answers follow from the payment token alone, so that they are the same after
 * a crash; and as it holds nothing, it has nothing to remember. Where it is asked to void what it was asked to
 * capture, our own record of the payment decides.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { parseOrFail } from '#platform/validation.ts';
import { PaymentsErrors } from '../contract.ts';
import type { Authorization, Patience, PaymentProvider, Report, Reported } from '../domain/payment-provider.ts';
import { readSigned } from './signature.ts';

const slowness = 3000;
const failuresOfFlaky = 2;
/** How many payments with `tok_flaky` it keeps count of; the oldest are forgotten. */
const mostFlaky = 1000;

/** A name that a provider gives: it is stored, so it must be text that can be. */
const Name = z.string().regex(/^[!-~]{1,255}$/, 'Use letters, digits and signs of ASCII.');
const About = z.object({
  paymentId: z.uuid().optional(),
  refundId: z.uuid().optional(),
  amount: z.int().nonnegative().optional(),
  reference: Name.nullable().default(null),
});
const ReportBody = About.extend({ id: Name, type: Name });

export function sandboxProvider({
  webhookSecret,
  timeout,
}: {
  webhookSecret: string | undefined;
  timeout: number;
}): PaymentProvider {
  const failures = new Map<string, number>();

  const declined = ({ code, summary }: { code: string; summary: string }): Authorization => ({
    outcome: 'declined',
    decline: { code, message: summary },
  });

  const wait = (milliseconds: number, { signal }: Patience) =>
    sleep(milliseconds, undefined, { signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]) }).catch(
      (cause: unknown) => {
        throw PaymentsErrors.providerUnavailable({ cause });
      },
    );

  function failTwice(paymentId: string): void {
    const failed = failures.get(paymentId) ?? 0;
    if (failed === failuresOfFlaky) return;
    if (failed === 0 && failures.size === mostFlaky) failures.delete(failures.keys().next().value as string);
    failures.set(paymentId, failed + 1);
    throw PaymentsErrors.providerUnavailable();
  }

  return {
    name: 'sandbox',

    async authorize({ paymentId, token }, patience) {
      switch (token) {
        case 'tok_visa':
          break;
        case 'tok_slow':
          await wait(slowness, patience);
          break;
        case 'tok_flaky':
          failTwice(paymentId);
          break;
        case 'tok_timeout':
          await wait(2 ** 31 - 1, patience);
          break;
        case 'tok_declined':
          return declined(PaymentsErrors.declined);
        case 'tok_insufficient_funds':
          return declined(PaymentsErrors.insufficientFunds);
        default:
          return declined(PaymentsErrors.invalidToken);
      }
      return { outcome: 'authorized', reference: `sandbox_${paymentId}` };
    },

    capture: async () => 'captured',
    void: async () => 'voided',
    refund: async ({ refundId }) => ({ status: 'succeeded', reference: `sandbox_${refundId}` }),

    async readReport(body, signature, now): Promise<Report> {
      const { id, type, ...about } = parseOrFail(ReportBody, readSigned(body, signature, webhookSecret, now));
      return { id, type, reported: reportedBy(type, about) };
    },
  };
}

function reportedBy(
  type: string,
  { paymentId, refundId, amount, reference }: z.output<typeof About>,
): Reported | undefined {
  if (paymentId === undefined) return undefined;
  if (type === 'payment.voided') return { kind: 'voided', paymentId };
  if (amount === undefined) return undefined;
  if (type === 'payment.captured') return { kind: 'captured', paymentId, minorUnits: amount, reference };
  if (type === 'dispute.withdrawn' || type === 'dispute.reinstated') {
    const status = type === 'dispute.withdrawn' ? 'withdrawn' : 'reinstated';
    return reference === null ? undefined : { kind: 'dispute', paymentId, status, minorUnits: amount, reference };
  }
  if (type !== 'refund.succeeded' && type !== 'refund.failed') return undefined;
  return {
    kind: 'refund',
    paymentId,
    refundId: refundId ?? null,
    minorUnits: amount,
    status: type === 'refund.succeeded' ? 'succeeded' : 'failed',
    reference,
  };
}
