import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { voided, voidStarted } from '../domain/payment.ts';
import type { PaymentProviders } from '../domain/payment-provider.ts';
import { sandboxProvider } from '../providers/sandbox.ts';
import { sign } from '../providers/signature.ts';
import { InMemoryPayments } from '../testing/in-memory-payments.ts';
import { noon } from '../testing/payments.ts';
import { aTill } from '../testing/till.ts';

const secret = 'a secret of the sandbox';

function setUp() {
  const sandbox = sandboxProvider({ webhookSecret: secret, timeout: 1000 });
  const providers: PaymentProviders = { active: sandbox, find: (name) => (name === 'sandbox' ? sandbox : undefined) };
  const payments = new InMemoryPayments();
  const till = aTill(payments, providers);
  async function aCaptured() {
    const { paymentId } = await till.authorize();
    await till.capture(paymentId);
    return paymentId;
  }
  const report = (fields: Record<string, unknown>, at = till.time.now) => {
    const body = JSON.stringify({ id: randomUUID(), ...fields });
    return till.receive(body, sign(body, secret, at));
  };
  return { till, payments, aCaptured, report };
}

describe('a report of the provider', () => {
  it('that it captured is booked and announced, once', async () => {
    const { till, payments, report } = setUp();
    const { paymentId } = await till.authorize();
    const captured = { id: 'evt_1', type: 'payment.captured', paymentId, amount: 5000 };
    await report(captured);
    await report(captured);
    await report({ ...captured, id: 'evt_2' });
    expect(await payments.find(paymentId)).toMatchObject({ state: 'captured', captured: 5000 });
    expect(payments.ledger).toHaveLength(1);
    expect(till.outbox.events).toHaveLength(1);
  });

  it('that it captured a part is booked as that, and does not pass for the whole', async () => {
    const { till, payments, report } = setUp();
    const orderId = randomUUID();
    const { paymentId } = await till.authorize({ orderId });
    await report({ type: 'payment.captured', paymentId, amount: 3000 });
    await expect(till.capture(paymentId)).rejects.toMatchObject({ code: 'payments.illegal-transition' });
    await till.release(orderId);
    await till.settleRefunds();
    expect(await payments.find(paymentId)).toMatchObject({ captured: 3000, refunded: 3000 });
  });

  it('of a refund of what is not known to be captured yet is asked for again', async () => {
    const { till, payments, report } = setUp();
    const { paymentId } = await till.authorize();
    const made = { id: 'evt_1', type: 'refund.succeeded', paymentId, amount: 700, reference: 're_1' };
    await expect(report(made)).rejects.toMatchObject({ kind: 'unavailable' });
    await till.capture(paymentId);
    await report(made);
    expect(await payments.find(paymentId)).toMatchObject({ captured: 5000, refunded: 700 });
  });

  it('that it voided ends the payment, unless the money was taken', async () => {
    const { till, payments, aCaptured, report } = setUp();
    const { paymentId } = await till.authorize();
    await report({ type: 'payment.voided', paymentId });
    expect(await payments.find(paymentId)).toMatchObject({ state: 'voided' });
    const taken = await aCaptured();
    await report({ type: 'payment.voided', paymentId: taken });
    expect(await payments.find(taken)).toMatchObject({ state: 'captured' });
  });

  it('that a refund failed after all books it back', async () => {
    const { till, payments, aCaptured, report } = setUp();
    const paymentId = await aCaptured();
    const { id: refundId } = await till.refund(paymentId, 1200);
    await till.settleRefunds();
    await report({ type: 'refund.failed', paymentId, refundId, amount: 1200 });
    expect(await payments.find(paymentId)).toMatchObject({ refunded: 0, refunds: [{ status: 'failed' }] });
    expect(payments.ledger.map(({ id }) => id.split(':')[0])).toEqual(['capture', 'refund', 'returned-refund']);
  });

  it('that a refund succeeded settles it before its saga has', async () => {
    const { till, payments, aCaptured, report } = setUp();
    const paymentId = await aCaptured();
    const { id: refundId } = await till.refund(paymentId, 1200);
    await report({ type: 'refund.succeeded', paymentId, refundId, amount: 1200 });
    await till.settleRefunds();
    expect(await payments.find(paymentId)).toMatchObject({ refunded: 1200, refunds: [{ status: 'succeeded' }] });
    expect(payments.ledger).toHaveLength(2);
  });

  it('of a refund that was made there is entered here', async () => {
    const { till, payments, aCaptured, report } = setUp();
    const paymentId = await aCaptured();
    const made = { type: 'refund.succeeded', paymentId, amount: 700, reference: 're_1' };
    await report(made);
    await report(made);
    expect(await payments.find(paymentId)).toMatchObject({
      refunded: 700,
      refunds: [{ amount: 700, status: 'succeeded' }],
    });
    await report({ type: 'refund.succeeded', paymentId, amount: 5001 });
    expect(till.errors, 'more than was ever taken').toEqual([expect.stringMatching(/does not fit/)]);
    expect(await payments.find(paymentId)).toMatchObject({ refunded: 700 });
  });

  it('of a refund there that does not fit beside one of ours is asked for again, and entered once ours has failed', async () => {
    const { till, payments, aCaptured, report } = setUp();
    const paymentId = await aCaptured();
    const { id: ours } = await till.refund(paymentId, 4000);
    const made = { id: 'evt_1', type: 'refund.succeeded', paymentId, amount: 5000, reference: 're_1' };
    await expect(report(made)).rejects.toMatchObject({ kind: 'unavailable' });
    await report({ type: 'refund.failed', paymentId, refundId: ours, amount: 4000 });
    await report(made);
    expect(await payments.find(paymentId)).toMatchObject({
      refunded: 5000,
      refunds: [{ status: 'failed' }, { amount: 5000, status: 'succeeded' }],
    });
    expect(payments.ledger.map(({ id }) => id.split(':')[0])).toEqual(['capture', 'refund']);
  });

  it('of a refund there that was returned and made again is right in whatever order it comes', async () => {
    const { payments, aCaptured, report } = setUp();
    const paymentId = await aCaptured();
    const made = { type: 'refund.succeeded', paymentId, amount: 5000, reference: 're_1' };
    await report({ ...made, type: 'refund.failed' });
    await report({ ...made, reference: 're_2' });
    await report(made);
    expect(await payments.find(paymentId)).toMatchObject({
      refunded: 5000,
      refunds: [{ status: 'failed' }, { status: 'succeeded' }],
    });
  });

  it('of a refund of ours that is missing here, as after a restored backup, enters it again', async () => {
    const { payments, aCaptured, report } = setUp();
    const paymentId = await aCaptured();
    const refundId = randomUUID();
    await report({ type: 'refund.succeeded', paymentId, refundId, amount: 700 });
    await report({ type: 'refund.succeeded', paymentId, refundId, amount: 700 });
    expect(await payments.find(paymentId)).toMatchObject({
      refunded: 700,
      refunds: [{ id: refundId, status: 'succeeded' }],
    });
  });

  it('of a dispute books what it took, and what came back, in this order', async () => {
    const { payments, aCaptured, report } = setUp();
    const paymentId = await aCaptured();
    await report({ type: 'refund.succeeded', paymentId, amount: 700, reference: 're_1' });
    const disputed = { type: 'dispute.withdrawn', paymentId, amount: 5000, reference: 'dp_1' };
    const won = { ...disputed, id: 'evt_1', type: 'dispute.reinstated' };
    await expect(report(won)).rejects.toMatchObject({ kind: 'unavailable' });
    await report(disputed);
    await report(disputed);
    await report(won);
    expect(payments.ledger.slice(2).map(({ id, entries }) => [id.split(':')[0], entries[0].account])).toEqual([
      ['dispute', 'disputes'],
      ['won-dispute', 'provider:sandbox'],
    ]);
    expect(await payments.find(paymentId)).toMatchObject({ captured: 5000, refunded: 700 });
  });

  it('of a capture before the authorization was answered is asked for again', async () => {
    const { till, payments, report } = setUp();
    const request = {
      idempotencyKey: 'one',
      orderId: randomUUID(),
      customerId: randomUUID(),
      paymentToken: 'tok_flaky',
    };
    await expect(till.authorize(request)).rejects.toMatchObject({ kind: 'unavailable' });
    const [opened] = await payments.list({ orderId: request.orderId });
    const taken = { id: 'evt_1', type: 'payment.captured', paymentId: opened?.id, amount: 3000 };
    await expect(report(taken)).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(till.authorize(request)).rejects.toMatchObject({ kind: 'unavailable' });
    await till.authorize(request);
    await report(taken);
    expect(await payments.find(opened!.id)).toMatchObject({ state: 'captured', captured: 3000 });
  });

  it('of a capture of what nobody waits for any more gives it back', async () => {
    const { till, payments, report } = setUp();
    const { paymentId } = await till.authorize();
    await payments.apply(paymentId, voidStarted, noon);
    await report({ type: 'payment.captured', paymentId, amount: 3000 });
    await till.settleRefunds();
    expect(await payments.find(paymentId)).toMatchObject({ captured: 3000, refunded: 3000 });
  });

  it('of a capture of what was voided here alarms somebody', async () => {
    const { till, payments, report } = setUp();
    const { paymentId } = await till.authorize();
    await payments.apply(paymentId, voided, noon);
    await report({ type: 'payment.captured', paymentId, amount: 3000 });
    expect(till.errors).toEqual([expect.stringMatching(/capture that does not fit/)]);
  });

  it.each([
    ['of a kind nobody knows', { type: 'weather.changed' }],
    ['about a payment nobody knows', { type: 'payment.voided', paymentId: randomUUID() }],
    [
      'about a refund nobody knows',
      { type: 'refund.failed', paymentId: randomUUID(), refundId: randomUUID(), amount: 1 },
    ],
  ])('%s is taken and changes nothing', async (_, fields) => {
    const { report } = setUp();
    await expect(report(fields)).resolves.toEqual({});
  });

  it.each([
    ['another secret', (body: string) => sign(body, 'another secret', noon)],
    ['another body', (body: string) => sign(`${body} `, secret, noon)],
    [
      'another time than it says',
      (body: string) => sign(body, secret, noon).replace(/t=\d+/, `t=${noon.getTime() / 1000 + 1}`),
    ],
    ['more than five minutes ago', (body: string) => sign(body, secret, new Date(noon.getTime() - 301_000))],
    ['more than five minutes ahead', (body: string) => sign(body, secret, new Date(noon.getTime() + 301_000))],
    ['nothing', () => ''],
  ])('signed with %s is refused, and has no effect', async (_, signed) => {
    const { till, payments, report } = setUp();
    const { paymentId } = await till.authorize();
    const fields = { id: 'evt_1', type: 'payment.voided', paymentId };
    const body = JSON.stringify(fields);
    await expect(till.receive(body, signed(body))).rejects.toMatchObject({
      code: 'payments.invalid-signature',
      kind: 'invalid',
    });
    expect(await payments.find(paymentId)).toMatchObject({ state: 'authorized' });
    await report(fields);
    expect(await payments.find(paymentId), 'the genuine one is not taken for a repetition').toMatchObject({
      state: 'voided',
    });
  });

  it('that is signed and no JSON is refused', async () => {
    const { till } = setUp();
    await expect(till.receive('{', sign('{', secret, noon))).rejects.toMatchObject({ kind: 'invalid' });
  });

  it('of a provider that is not configured is refused', async () => {
    const { till } = setUp();
    await expect(till.receive('{}', '', 'stripe')).rejects.toMatchObject({ code: 'payments.unknown-provider' });
  });

  it('cannot be sent to a sandbox without a secret', async () => {
    const sandbox = sandboxProvider({ webhookSecret: undefined, timeout: 1000 });
    const till = aTill(new InMemoryPayments(), { active: sandbox, find: () => sandbox });
    await expect(till.receive('{}', sign('{}', '', noon))).rejects.toMatchObject({
      code: 'payments.invalid-signature',
    });
  });
});
