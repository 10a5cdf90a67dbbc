/**
 * Everything that can happen to payments, on both sides and in any order: our use cases, Stripe's dashboard, a customer's
 * bank, answers that are lost, and reports that come late, twice and in another order than they were sent in.
 */
import * as fc from 'fast-check';
import { v4 } from 'uuid';
import { Failure } from '#platform/errors.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { Payments } from '../domain/payments.ts';
import type { Reports } from '../domain/reports.ts';
import { sign } from '../providers/signature.ts';
import { stripeProvider } from '../providers/stripe.ts';
import { FakeStripe, type StripeEvent } from './fake-stripe.ts';
import { aTill } from './till.ts';

const webhookSecret = 'whsec_of_a_test';
const hours = 60 * 60 * 1000;

const nth = fc.nat({ max: 5 });
const amount = fc.constantFrom(5000, 3000, 2000, 1);
const act = fc.oneof(
  fc.record({ kind: fc.constant('authorize' as const), nth }),
  fc.record({ kind: fc.constant('capture' as const), nth }),
  fc.record({ kind: fc.constant('release' as const), nth }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('refund' as const), nth, amount }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('try refunds' as const), slowly: fc.boolean() }) },
  fc.record({ kind: fc.constant('capture there' as const), nth, amount }),
  fc.record({ kind: fc.constant('cancel there' as const), nth }),
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('refund there' as const), nth, amount, slowly: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('finish refund' as const), nth, succeeds: fc.boolean() }) },
  fc.record({ kind: fc.constant('dispute' as const), nth, amount }),
  fc.record({ kind: fc.constant('win' as const), nth }),
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('deliver' as const), nth, again: fc.boolean() }) },
);
type Drawn<A> = A extends fc.Arbitrary<infer T> ? T : never;
type Act = Drawn<typeof act>;

/** Groups of acts that happen at the same time, whose answers get lost, and whether anybody asks again at the end. */
export const plans = fc.record({
  groups: fc.array(fc.array(act, { minLength: 1, maxLength: 3 }), { minLength: 4, maxLength: 24 }),
  lost: fc.array(fc.boolean(), { maxLength: 12 }),
  abandoned: fc.boolean(),
  lastRefundsSucceed: fc.boolean(),
});
export type Plan = Drawn<typeof plans>;

interface Slot {
  readonly request: {
    readonly idempotencyKey: string;
    readonly orderId: string;
    readonly customerId: string;
    readonly paymentToken: string;
  };
  paymentId: string | undefined;
  captures: boolean;
  released: boolean;
}

/** The books of payments: what one transaction takes back is taken back in each. */
export interface Books {
  readonly payments: Payments;
  readonly reports: Reports;
  readonly transaction: Transaction;
}

export interface Outcome {
  readonly paymentId: string;
  /** The state at Stripe, and ours; minor units. */
  readonly there: { readonly received: number; readonly refunded: number; readonly kept: number };
  readonly here: { readonly captured: number; readonly refunded: number };
}

/** Plays a plan until nothing is left to do or to deliver on either side. */
export async function play(plan: Plan, { payments, reports, transaction }: Books) {
  const stripe = new FakeStripe(v4());
  const provider = stripeProvider({ apiKey: 'sk_test_1', apiBase: await stripe.start(), webhookSecret, timeout: 2000 });
  const till = aTill(payments, { active: provider, find: () => provider }, transaction, reports);
  const slots = Array.from({ length: 2 }, (): Slot => ({
    request: { idempotencyKey: v4(), orderId: v4(), customerId: v4(), paymentToken: 'pm_card_visa' },
    paymentId: undefined,
    captures: false,
    released: false,
  }));
  const delivered = new Set<StripeEvent>();
  const lost = [...plan.lost];
  stripe.disturb = (request) => (request.startsWith('POST') && lost.shift() ? 'broken' : undefined);

  const of = <T>(all: readonly T[], index: number): T | undefined => all[index % Math.max(1, all.length)];
  const slot = (index: number) => slots[index % slots.length]!;
  const intent = (index: number) => of([...stripe.intents.keys()], index) ?? '';
  const undelivered = () => stripe.events.filter((event) => !delivered.has(event));

  /** Only a lost answer, and what the state of a payment does not allow, is nothing to wonder at. */
  const attempt = <T>(work: Promise<T>) =>
    work.catch((error: unknown) => {
      if (error instanceof Failure && error.kind !== 'internal') return undefined;
      throw error;
    });

  async function authorize(wanted: Slot): Promise<void> {
    wanted.paymentId = (await attempt(till.authorize(wanted.request)))?.paymentId ?? wanted.paymentId;
  }
  async function capture(wanted: Slot): Promise<void> {
    wanted.captures = true;
    if (wanted.paymentId !== undefined) await attempt(till.capture(wanted.paymentId));
  }
  async function release(wanted: Slot): Promise<void> {
    wanted.released = true;
    await attempt(till.release(wanted.request.orderId));
  }
  async function deliver(event: StripeEvent, again = false): Promise<void> {
    const body = JSON.stringify(event);
    const taken = await attempt(till.receive(body, sign(body, webhookSecret, till.time.now), 'stripe'));
    if (taken && !again) delivered.add(event);
  }

  async function perform(wanted: Act): Promise<unknown> {
    switch (wanted.kind) {
      case 'authorize':
        return authorize(slot(wanted.nth));
      case 'capture':
        return capture(slot(wanted.nth));
      case 'release':
        return release(slot(wanted.nth));
      case 'refund': {
        const { paymentId } = slot(wanted.nth);
        return paymentId && attempt(till.refund(paymentId, wanted.amount));
      }
      case 'try refunds':
        stripe.refundStatus = wanted.slowly ? 'pending' : 'succeeded';
        return till.tryRefunds();
      case 'capture there':
        return stripe.captureInDashboard(intent(wanted.nth), wanted.amount);
      case 'cancel there':
        return stripe.cancelInDashboard(intent(wanted.nth));
      case 'refund there':
        stripe.refundStatus = wanted.slowly ? 'pending' : 'succeeded';
        return stripe.refundInDashboard(intent(wanted.nth), wanted.amount);
      case 'finish refund': {
        const refund = of(stripe.refunds, wanted.nth);
        return refund && stripe.finishRefund(refund, wanted.succeeds ? 'succeeded' : 'failed');
      }
      case 'dispute':
        return stripe.dispute(intent(wanted.nth), wanted.amount);
      case 'win': {
        const dispute = of(stripe.disputes, wanted.nth);
        return dispute && stripe.win(dispute);
      }
      case 'deliver': {
        const event = of(undelivered(), wanted.nth);
        return event && deliver(event, wanted.again);
      }
    }
  }

  /** Goes on as sagas do until they know, and Stripe until it was heard. */
  async function untilQuiet(): Promise<void> {
    stripe.disturb = () => undefined;
    if (plan.abandoned) till.time.now = new Date(till.time.now.getTime() + 3 * hours);
    for (let round = 0; round < 8; round++) {
      for (const each of slots) {
        const [payment] = await payments.list({ orderId: each.request.orderId });
        if (payment && !plan.abandoned) await authorize(each);
        if (each.captures && !plan.abandoned) await capture(each);
        if (each.released) await release(each);
      }
      if (plan.abandoned) await till.giveBackAbandoned();
      await till.tryRefunds();
      for (const refund of stripe.refunds.filter(({ status }) => status === 'pending')) {
        stripe.finishRefund(refund, plan.lastRefundsSucceed ? 'succeeded' : 'failed');
      }
      for (const event of undelivered().reverse()) await deliver(event);
    }
  }

  try {
    for (const group of plan.groups) await Promise.all(group.map(perform));
    await untilQuiet();
    const all = (await Promise.all(slots.map(({ request }) => payments.list({ orderId: request.orderId })))).flat();
    const intentOf = (paymentId: string) =>
      [...stripe.intents.values()].find(({ metadata }) => metadata['payment_id'] === paymentId);
    return {
      undelivered: undelivered(),
      payments: all,
      held: stripe.held,
      alarms: till.errors,
      released: slots.filter(({ released }) => released).map(({ request }) => request.orderId),
      sides: all.map(({ id, captured, refunded }): Outcome => {
        const { id: intentId = '', amount_received: received = 0 } = intentOf(id) ?? {};
        return {
          paymentId: id,
          there: { received, refunded: stripe.refundedOf(intentId), kept: stripe.keptOf(intentId) },
          here: { captured, refunded },
        };
      }),
    };
  } finally {
    stripe.stop();
  }
}

export type Played = Awaited<ReturnType<typeof play>>;
