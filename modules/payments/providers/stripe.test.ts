import { createHmac, randomUUID } from 'node:crypto';
import { Stripe } from 'stripe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backgroundContext } from '#platform/context.ts';
import type { PaymentProvider } from '../domain/payment-provider.ts';
import { FakeStripe } from '../testing/fake-stripe.ts';
import { InMemoryPayments } from '../testing/in-memory-payments.ts';
import { euros, noon } from '../testing/payments.ts';
import { aTill, type Till } from '../testing/till.ts';
import { stripeProvider } from './stripe.ts';

const webhookSecret = 'whsec_of_a_test';
let server: FakeStripe;
let apiBase: string;
let provider: PaymentProvider;
let till: Till;
beforeEach(async () => {
  server = new FakeStripe();
  apiBase = await server.start();
  provider = stripeProvider({ apiKey: 'sk_test_1', apiBase, webhookSecret, timeout: 2000 });
  till = aTill(new InMemoryPayments(), {
    active: provider,
    find: (name) => (name === 'stripe' ? provider : undefined),
  });
});
afterEach(() => server.stop());

const patience = () => backgroundContext('test', 5000);
const pay = (fields: Parameters<Till['authorize']>[0] = {}) =>
  till.authorize({ paymentToken: 'pm_card_visa', ...fields });
async function aCaptured() {
  const { paymentId } = await pay();
  await till.capture(paymentId);
  return paymentId;
}
const intentOf = async (paymentId: string) =>
  server.intents.get((await till.payments.find(paymentId))?.reference ?? '');
const serverError = { status: 500, body: { error: { type: 'api_error', message: 'Sorry.' } } };

describe('with Stripe', () => {
  it('a payment is held, taken and given back, every change under a key of its own', async () => {
    const paymentId = await aCaptured();
    expect((await intentOf(paymentId))?.status).toBe('succeeded');
    const { id: refundId } = await till.refund(paymentId, 1200);
    await till.settleRefunds();
    expect(server.refunds).toMatchObject([{ amount: 1200, metadata: { payment_id: paymentId, refund_id: refundId } }]);
    expect(await till.payments.find(paymentId)).toMatchObject({
      refunded: 1200,
      refunds: [{ status: 'succeeded', reference: 're_1' }],
    });
    expect(
      server.requests.filter((request) => request.startsWith('POST')).map((request) => request.split(' ')[2]),
    ).toEqual([`${paymentId}:create`, `${paymentId}:confirm`, `${paymentId}:capture`, `${refundId}:refund`]);
  });

  it.each([
    ['pm_declined', 'payments.declined', 'Your card was declined.'],
    ['pm_poor', 'payments.insufficient-funds', 'Your card has insufficient funds.'],
    ['pm_asks', 'payments.declined', 'Your card was declined.'],
    ['pm_of_nobody', 'payments.invalid-token', 'The payment provider does not know this payment token.'],
  ])('%s is refused with %s', async (paymentToken, code, message) => {
    await expect(pay({ paymentToken })).rejects.toMatchObject({ code, message });
    expect(server.held).toBe(0);
  });

  it.each([
    [1, 'payments.amount-too-small', /at least/],
    [100_000_000, 'payments.amount-too-large', /no more than/],
  ])(
    'an amount of %s, which Stripe does not take, is refused as that, and again when it is asked for again',
    async (amount, code, message) => {
      const asked = {
        idempotencyKey: randomUUID(),
        orderId: randomUUID(),
        customerId: randomUUID(),
        amount: euros(amount),
      };
      for (let time = 0; time < 2; time++) {
        await expect(pay(asked)).rejects.toMatchObject({
          code,
          kind: 'invalid',
          message: expect.stringMatching(message),
        });
      }
    },
  );

  it.each(['POST /v1/payment_intents', 'POST /v1/payment_intents/pi_1/confirm'])(
    'a lost answer to %s is found out by asking again',
    async (lost) => {
      const asked = { idempotencyKey: randomUUID(), orderId: randomUUID(), customerId: randomUUID() };
      server.disturb = (act) => (act === lost ? 'lost' : undefined);
      await expect(pay(asked)).rejects.toMatchObject({ code: 'payments.provider-unavailable' });
      server.disturb = () => undefined;
      const { paymentId } = await pay(asked);
      expect(server.held).toBe(5000);
      expect((await intentOf(paymentId))?.status).toBe('requires_capture');
    },
  );

  it('an authorization of which nobody heard is voided, and a late one holds nothing', async () => {
    const asked = { idempotencyKey: randomUUID(), orderId: randomUUID(), customerId: randomUUID() };
    server.disturb = (act) => (act.endsWith('/confirm') ? 'lost' : undefined);
    await expect(pay(asked)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(server.held).toBe(5000);
    server.disturb = () => undefined;
    await till.release(asked.orderId);
    expect(server.held).toBe(0);

    const late = {
      paymentId: randomUUID(),
      orderId: randomUUID(),
      customerId: randomUUID(),
      amount: euros(5000),
      token: 'pm_card_visa',
    };
    const { id: paymentId } = (
      await till.payments.open({
        ...asked,
        idempotencyKey: 'late',
        fingerprint: '',
        id: late.paymentId,
        amount: late.amount,
        provider: 'stripe',
        at: noon,
      })
    ).payment;
    expect(await provider.void((await till.payments.find(paymentId))!, patience())).toBe('voided');
    expect(await provider.authorize(late, patience())).toEqual({ outcome: 'voided' });
    expect(server.held).toBe(0);
  });

  it('what was voided or captured there is known here when it is asked for', async () => {
    const { paymentId } = await pay();
    (await intentOf(paymentId))!.status = 'canceled';
    await expect(till.capture(paymentId)).rejects.toMatchObject({ code: 'payments.illegal-transition' });
    expect(await till.payments.find(paymentId)).toMatchObject({ state: 'voided' });

    const orderId = randomUUID();
    const taken = await pay({ orderId });
    server.captureInDashboard((await intentOf(taken.paymentId))!.id, 5000);
    await till.release(orderId);
    await till.settleRefunds();
    expect(await till.payments.find(taken.paymentId)).toMatchObject({ state: 'captured', refunded: 5000 });
  });

  it('what was captured there before its authorization was heard of is authorized here, and captured', async () => {
    const { paymentId } = await pay();
    const intent = (await intentOf(paymentId))!;
    server.captureInDashboard(intent.id, 5000);
    server.disturb = (act) =>
      act.endsWith('/confirm')
        ? {
            status: 400,
            body: {
              error: {
                type: 'invalid_request_error',
                code: 'payment_intent_unexpected_state',
                message: 'No.',
                payment_intent: intent,
              },
            },
          }
        : undefined;
    const again = {
      paymentId,
      orderId: randomUUID(),
      customerId: randomUUID(),
      amount: euros(5000),
      token: 'pm_card_visa',
    };
    expect(await provider.authorize(again, patience())).toEqual({ outcome: 'authorized', reference: intent.id });
    await till.capture(paymentId);
    expect(await till.payments.find(paymentId)).toMatchObject({ state: 'captured' });
  });

  it('capturing twice captures once', async () => {
    const { paymentId } = await pay();
    const payment = (await till.payments.find(paymentId))!;
    expect(await provider.capture(payment, patience())).toBe('captured');
    expect(await provider.capture({ ...payment, id: randomUUID() }, patience()), 'under another key').toBe('captured');
  });

  it('a refund of which nobody heard is found again, and not made twice', async () => {
    const paymentId = await aCaptured();
    await till.refund(paymentId, 1200);
    let lost = 0;
    server.disturb = (act) => {
      if (act === 'GET /v1/refunds' && lost > 0) server.forgetKeys();
      // Stripe's package itself sends a request again when the connection breaks.
      return act === 'POST /v1/refunds' && lost++ < 2 ? 'lost' : undefined;
    };
    await till.settleRefunds();
    expect(lost).toBe(2);
    expect(server.refunds).toHaveLength(1);
    expect(await till.payments.find(paymentId)).toMatchObject({ refunds: [{ status: 'succeeded' }] });
  });

  it('a refund that Stripe does not make is failed', async () => {
    const paymentId = await aCaptured();
    server.refunds.push({ id: 're_0', amount: 4000, payment_intent: 'pi_1', status: 'succeeded', metadata: {} });
    await till.refund(paymentId, 1200);
    await till.settleRefunds();
    expect(await till.payments.find(paymentId)).toMatchObject({ refunded: 0, refunds: [{ status: 'failed' }] });
  });

  it.each([
    ['a server error', serverError],
    ['a wrong key', { status: 401, body: { error: { type: 'invalid_request_error', message: 'Invalid API Key' } } }],
    ['too many requests', { status: 429, body: { error: { type: 'invalid_request_error', message: 'Slow down.' } } }],
    [
      'a key in use',
      { status: 409, body: { error: { type: 'idempotency_error', code: 'idempotency_key_in_use', message: 'Wait.' } } },
    ],
    ['no answer', 'lost' as const],
  ])('after %s the outcome is unknown, whatever was asked', async (_, disturbance) => {
    const { paymentId } = await pay();
    server.disturb = () => disturbance;
    const unknown = { code: 'payments.provider-unavailable' };
    await expect(pay()).rejects.toMatchObject(unknown);
    await expect(till.capture(paymentId)).rejects.toMatchObject(unknown);
    const payment = (await till.payments.find(paymentId))!;
    await expect(provider.void(payment, patience())).rejects.toMatchObject(unknown);
    await expect(provider.refund({ refundId: randomUUID(), payment, amount: 1 }, patience())).rejects.toMatchObject(
      unknown,
    );
  });

  it('is not waited for longer than the caller has time', async () => {
    const { paymentId } = await pay();
    const payment = (await till.payments.find(paymentId))!;
    server.disturb = () => 'silent';
    const patient = stripeProvider({ apiKey: 'sk_test_1', apiBase, webhookSecret, timeout: 60_000 });
    const started = Date.now();
    await expect(patient.capture(payment, backgroundContext('test', 100))).rejects.toMatchObject({
      kind: 'unavailable',
    });
    expect(Date.now() - started).toBeLessThan(30_000);
  });
});

describe("Stripe's reports", () => {
  const { webhooks } = new Stripe('sk_test_1');
  const signed = (event: Record<string, unknown>, { secret = webhookSecret, at = noon } = {}) => {
    const body = JSON.stringify({ id: `evt_${randomUUID()}`, object: 'event', ...event });
    const signature = webhooks.generateTestHeaderString({
      payload: body,
      secret,
      timestamp: Math.floor(at.getTime() / 1000),
    });
    return [body, signature, 'stripe'] as const;
  };
  const about = (type: string, object: Record<string, unknown>) => signed({ type, data: { object } });

  it.each([
    ['payment_intent.succeeded', { amount_received: 5000 }, 'captured'],
    ['payment_intent.canceled', {}, 'voided'],
  ])('%s makes a payment %s', async (type, fields, state) => {
    const { paymentId } = await pay();
    await till.receive(...about(type, { object: 'payment_intent', metadata: { payment_id: paymentId }, ...fields }));
    expect(await till.payments.find(paymentId)).toMatchObject({ state });
  });

  it('of a refund settle it', async () => {
    const paymentId = await aCaptured();
    server.refundStatus = 'pending';
    const { id: refund_id } = await till.refund(paymentId, 1200);
    const refund = {
      id: 're_1',
      object: 'refund',
      amount: 1200,
      payment_intent: 'pi_1',
      metadata: { payment_id: paymentId, refund_id },
    };
    await till.receive(...about('refund.created', { ...refund, status: 'pending' }));
    expect(await till.payments.find(paymentId)).toMatchObject({ refunds: [{ status: 'pending' }] });
    await till.receive(...about('refund.updated', { ...refund, status: 'succeeded' }));
    expect(await till.payments.find(paymentId)).toMatchObject({ refunds: [{ status: 'succeeded' }] });
    await till.receive(...about('refund.failed', { ...refund, status: 'failed' }));
    expect(await till.payments.find(paymentId)).toMatchObject({ refunded: 0, refunds: [{ status: 'failed' }] });
  });

  it('of a refund made in the dashboard enter it once', async () => {
    const paymentId = await aCaptured();
    const refund = {
      id: 're_9',
      object: 'refund',
      amount: 700,
      payment_intent: 'pi_1',
      metadata: {},
      status: 'succeeded',
    };
    await till.receive(...about('refund.created', refund));
    await till.receive(...about('refund.updated', refund));
    expect(await till.payments.find(paymentId)).toMatchObject({
      refunded: 700,
      refunds: [{ reference: 're_9', status: 'succeeded' }],
    });
  });

  it('of a part that was captured in the dashboard are waited for, and what was taken is given back', async () => {
    const orderId = randomUUID();
    const { paymentId } = await pay({ orderId });
    Object.assign((await intentOf(paymentId))!, { status: 'succeeded', amount_received: 3000 });
    await expect(till.capture(paymentId)).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(till.release(orderId)).rejects.toMatchObject({ kind: 'unavailable' });
    await till.receive(
      ...about('payment_intent.succeeded', { metadata: { payment_id: paymentId }, amount_received: 3000 }),
    );
    await till.release(orderId);
    await till.settleRefunds();
    expect(await till.payments.find(paymentId)).toMatchObject({ captured: 3000, refunded: 3000 });
  });

  it('of a dispute book it', async () => {
    const paymentId = await aCaptured();
    server.dispute('pi_1', 5000);
    server.win(server.disputes[0]!);
    for (const event of server.events) await till.receive(...signed({ ...event }));
    expect(server.keptOf('pi_1')).toBe(5000);
    const payments = till.payments as InMemoryPayments;
    expect(payments.ledger.map(({ id }) => id)).toEqual([
      `capture:${paymentId}`,
      `dispute:${paymentId}:dp_1`,
      `won-dispute:${paymentId}:dp_1`,
    ]);
  });

  it('are asked for again where Stripe cannot be asked what they are about', async () => {
    await aCaptured();
    server.dispute('pi_1', 5000);
    server.disturb = () => serverError;
    await expect(till.receive(...signed({ ...server.events.at(-1) }))).rejects.toMatchObject({
      code: 'payments.provider-unavailable',
    });
  });

  it.each([
    ['of what does not concern us', 'customer.created', { id: 'cus_1', object: 'customer' }],
    [
      'of somebody else at the same account',
      'payment_intent.canceled',
      { object: 'payment_intent', metadata: { payment_id: 'theirs' } },
    ],
    [
      'of a refund without a payment',
      'refund.created',
      { id: 're_1', object: 'refund', amount: 1, payment_intent: null, metadata: {}, status: 'succeeded' },
    ],
  ])('%s are taken and change nothing', async (_, type, object) => {
    await expect(till.receive(...about(type, object))).resolves.toEqual({});
  });

  it.each([
    ['with another secret', { secret: 'whsec_another' }],
    ['too long ago', { at: new Date(noon.getTime() - 301_000) }],
  ])('signed %s are refused', async (_, how) => {
    await expect(till.receive(...signed({ type: 'payment_intent.canceled' }, how))).rejects.toMatchObject({
      code: 'payments.invalid-signature',
    });
  });

  it.each([
    ['a byte order mark', Buffer.from('\ufeff'), Buffer.of()],
    ['bytes that are no UTF-8', Buffer.of(), Buffer.of(0xff, 0xe4)],
  ])('with %s are signed over their bytes, under any of the secrets that Stripe has', async (_, before, note) => {
    const { paymentId } = await pay();
    const [text] = about('payment_intent.canceled', { object: 'payment_intent', metadata: { payment_id: paymentId } });
    const body = Buffer.concat([before, Buffer.from(text.replace(/}$/, ', "note": "')), note, Buffer.from('"}')]);
    const timestamp = Math.floor(noon.getTime() / 1000);
    const hmac = (secret: string) => createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
    await till.receive(
      body,
      `t=${timestamp},v1=${hmac('an older secret')},v1=${hmac(webhookSecret)},v0=${hmac('something else')}`,
      'stripe',
    );
    expect(await till.payments.find(paymentId)).toMatchObject({ state: 'voided' });
  });

  it('are refused where no secret is configured', async () => {
    const deaf = stripeProvider({
      apiKey: 'sk_test_1',
      apiBase: 'http://127.0.0.1:1',
      webhookSecret: undefined,
      timeout: 100,
    });
    const [body, signature] = signed({ type: 'payment_intent.canceled' }, { secret: 'undefined' });
    await expect(deaf.readReport(Buffer.from(body), signature, noon, patience())).rejects.toMatchObject({
      code: 'payments.invalid-signature',
    });
  });
});
