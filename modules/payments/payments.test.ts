/** The module booted alone, over HTTP. */
import { createHmac, randomUUID } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '#platform/contract.ts';
import { startTestProgram, type TestProgram } from '../../tests/support/program.ts';
import { whenTaken } from '../../tests/support/when-taken.ts';
import { statementsOf } from '../../tests/support/statements.ts';
import type { PaymentsApi } from './contract.ts';
import { sign } from './providers/signature.ts';
import { euros } from './testing/payments.ts';

const webhookSecret = 'a secret of the sandbox';
let program: TestProgram;
let payments: Client<typeof PaymentsApi>;
beforeAll(async () => {
  program = await startTestProgram({ modules: ['payments'], environment: { SANDBOX_WEBHOOK_SECRET: webhookSecret } });
  payments = program.modules.get('payments')!.client as never;
});
afterAll(() => program.stop());

const database = () => program.modules.get('payments')!.database.database;
const admin = () => program.tokenFor({ roles: ['admin'] });

async function aCaptured(fields: { customerId?: string; orderId?: string; amount?: number } = {}) {
  const { customerId = randomUUID(), orderId = randomUUID(), amount = 5000 } = fields;
  const { paymentId } = await payments.authorize({
    idempotencyKey: randomUUID(),
    orderId,
    customerId,
    amount: euros(amount),
    paymentToken: 'tok_visa',
  });
  await payments.capture({ paymentId });
  return { paymentId, customerId, orderId, token: program.tokenFor({ userId: customerId }) };
}

const get = (path: string, token: string) => request(program.url).get(path).set('authorization', `Bearer ${token}`);
const refund = (paymentId: string, body: object, { token = admin(), ...headers }: Record<string, string> = {}) =>
  request(program.url)
    .post(`/v1/payments/${paymentId}/refunds`)
    .set('authorization', `Bearer ${token}`)
    .set(headers)
    .send(body);
const patiently = { prefer: 'wait=10' };

describe('GET /v1/payments', () => {
  it('lists your payments of an order, the newest first, page by page', async () => {
    const first = await aCaptured();
    const { paymentId: second } = await aCaptured(first);
    const page = await get(`/v1/payments?orderId=${first.orderId}&limit=1`, first.token).expect(200);
    expect(page.body.data).toMatchObject([
      { id: second, status: 'captured', captured: 5000, refunded: 0, refunds: [] },
    ]);
    const rest = await get(
      `/v1/payments?orderId=${first.orderId}&limit=1&cursor=${page.body.nextCursor}`,
      first.token,
    ).expect(200);
    expect(rest.body).toMatchObject({ data: [{ id: first.paymentId }], nextCursor: null });
  });

  it('S29 shows nobody the payments of somebody else, and administrators all', async () => {
    const { orderId, paymentId, customerId } = await aCaptured();
    const other = program.tokenFor();
    expect((await get(`/v1/payments?orderId=${orderId}`, other).expect(200)).body.data).toEqual([]);
    await get(`/v1/payments?orderId=${orderId}&customerId=${customerId}`, other).expect(400);
    expect((await get(`/v1/payments?orderId=${orderId}`, admin()).expect(200)).body.data).toMatchObject([
      { id: paymentId, customerId },
    ]);
  });

  it('S32 gives no more than 100 at once', async () => {
    expect((await get('/v1/payments?limit=101', program.tokenFor())).status).toBe(400);
  });
});

describe('GET /v1/payments/{id}', () => {
  it('S29 shows a payment to its customer and to administrators, and hides it from everybody else', async () => {
    const { paymentId, orderId, customerId, token } = await aCaptured();
    const { body } = await get(`/v1/payments/${paymentId}`, token).expect(200);
    expect(body).toEqual({
      id: paymentId,
      orderId,
      customerId,
      status: 'captured',
      amount: euros(5000),
      captured: 5000,
      refunded: 0,
      provider: 'sandbox',
      decline: null,
      refunds: [],
      createdAt: expect.any(String),
    });
    await get(`/v1/payments/${paymentId}`, admin()).expect(200);
    const hidden = await get(`/v1/payments/${paymentId}`, program.tokenFor()).expect(404);
    const unknown = await get(`/v1/payments/${randomUUID()}`, program.tokenFor()).expect(404);
    expect(hidden.body.code).toBe(unknown.body.code);
    await request(program.url).get(`/v1/payments/${paymentId}`).expect(401);
  });

  it('says why a payment was declined', async () => {
    const customerId = randomUUID();
    const declined = payments.authorize({
      idempotencyKey: randomUUID(),
      orderId: randomUUID(),
      customerId,
      amount: euros(1),
      paymentToken: 'tok_declined',
    });
    await expect(declined).rejects.toMatchObject({ code: 'payments.declined' });
    const { body } = await get('/v1/payments', program.tokenFor({ userId: customerId })).expect(200);
    expect(body.data).toMatchObject([
      { status: 'declined', captured: 0, decline: { code: 'payments.declined', message: expect.any(String) } },
    ]);
  });
});

describe('POST /v1/payments/{id}/refunds', () => {
  it('gives money back, as much as was captured and no more', async () => {
    const { paymentId, token } = await aCaptured();
    const part = await refund(paymentId, { amount: 1200, reason: 'chipped' }, patiently).expect(201);
    expect(part.body).toMatchObject({ amount: euros(1200), reason: 'chipped', status: 'succeeded' });
    expect((await refund(paymentId, { amount: 3801 }).expect(409)).body.code).toBe('payments.refund-too-large');
    expect((await refund(paymentId, {}, patiently).expect(201)).body.amount).toEqual(euros(3800));
    const { body } = await get(`/v1/payments/${paymentId}`, token).expect(200);
    expect(body).toMatchObject({
      captured: 5000,
      refunded: 5000,
      refunds: [{ status: 'succeeded' }, { status: 'succeeded' }],
    });
  });

  it('answers at once where nobody waits, and is done soon after', async () => {
    const { paymentId } = await aCaptured();
    const { body } = await refund(paymentId, {}).expect(201);
    expect(['pending', 'succeeded']).toContain(body.status);
    expect(await payments.awaitRefund({ paymentId, refundId: body.id, timeout: 10_000 })).toMatchObject({
      status: 'succeeded',
    });
  });

  it('S38 gives back once, however many ask at the same time', async () => {
    const { paymentId } = await aCaptured();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => whenTaken(() => refund(paymentId, { amount: 3000 }, patiently))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(409)]);
    expect(await payments.getPayment({ paymentId })).toMatchObject({ refunded: 3000 });
  });

  it('gives back once for the idempotency key of a person, with the same answer', async () => {
    const { paymentId } = await aCaptured();
    const asked = { ...patiently, 'idempotency-key': randomUUID(), token: admin() };
    const once = await refund(paymentId, { amount: 1000 }, asked).expect(201);
    const again = await refund(paymentId, { amount: 1000 }, asked).expect(201);
    expect(again.text).toBe(once.text);
    await refund(paymentId, { amount: 1001 }, asked).expect(422);
    await refund(paymentId, { amount: 500 }, { ...asked, token: admin() }).expect(201);
    expect(await payments.getPayment({ paymentId })).toMatchObject({ refunded: 1500 });
  });

  it('S30 is for administrators only', async () => {
    const { paymentId, token } = await aCaptured();
    await refund(paymentId, {}, { token }).expect(403);
    await request(program.url).post(`/v1/payments/${paymentId}/refunds`).send({}).expect(401);
    expect(await payments.getPayment({ paymentId })).toMatchObject({ refunded: 0 });
  });

  it.each([
    ['nothing', { amount: 0 }],
    ['less than nothing', { amount: -1 }],
    ['a fraction', { amount: 1.5 }],
    ['S31 something unknown', { amount: 1, currency: 'EUR' }],
  ])('refuses %s', async (_, body) => {
    const { paymentId } = await aCaptured();
    expect((await refund(paymentId, body)).status).toBe(400);
  });

  it('of a payment that does not exist is not found', async () => {
    expect((await refund(randomUUID(), {}).expect(404)).body.code).toBe('payments.payment-not-found');
  });
});

describe('POST /v1/payments/webhooks/{provider}', () => {
  const report = (body: string, signature = sign(body, webhookSecret, new Date()), provider = 'sandbox') =>
    request(program.url)
      .post(`/v1/payments/webhooks/${provider}`)
      .set('content-type', 'application/json')
      .set('sandbox-signature', signature)
      .send(body);
  const reports = async () =>
    (await database().query<{ count: number }>('SELECT count(*) FROM provider_reports')).rows[0]?.count;

  it('takes a report once, over the bytes as they came', async () => {
    const { paymentId } = await aCaptured();
    const body = `{ "id": "${randomUUID()}",  "type": "refund.succeeded", "paymentId": "${paymentId}", "amount": 700 }\n`;
    await report(body).expect(200);
    await report(body).expect(200);
    await Promise.all([report(body).expect(200), report(body).expect(200)]);
    expect(await payments.getPayment({ paymentId })).toMatchObject({
      refunded: 700,
      refunds: [{ status: 'succeeded' }],
    });
  });

  it.each([
    ['a byte order mark', Buffer.from('\ufeff'), Buffer.of()],
    ['bytes that are no UTF-8', Buffer.of(), Buffer.of(0xff, 0xfe, 0xe4)],
  ])('takes a report with %s, and none whose bytes are others', async (_, before, note) => {
    const { paymentId } = await aCaptured();
    const fields = `"id": "${randomUUID()}", "type": "refund.succeeded", "paymentId": "${paymentId}", "amount": 700`;
    const body = Buffer.concat([before, Buffer.from(`{ ${fields}, "note": "`), note, Buffer.from('" }')]);
    const hmac = (bytes: Buffer) =>
      createHmac('sha256', webhookSecret).update(`${timestamp}.`).update(bytes).digest('hex');
    const timestamp = Math.floor(Date.now() / 1000);
    const sent = (bytes: Buffer, signed = bytes) =>
      fetch(`${program.url}/v1/payments/webhooks/sandbox`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'sandbox-signature': `t=${timestamp},v1=${hmac(signed)}` },
        body: new Uint8Array(bytes),
      });
    expect((await sent(body, Buffer.from(new TextDecoder().decode(body)))).status, 'signed over the text').toBe(400);
    expect((await sent(body)).status).toBe(200);
    expect(await payments.getPayment({ paymentId })).toMatchObject({ refunded: 700 });
  });

  it('refuses what is not signed, and stores nothing of it', async () => {
    const body = JSON.stringify({ id: randomUUID(), type: 'payment.voided', paymentId: randomUUID() });
    const before = await reports();
    expect((await report(body, sign(body, 'another secret', new Date())).expect(400)).body.code).toBe(
      'payments.invalid-signature',
    );
    await report(body, 't=1,v1=00').expect(400);
    await request(program.url)
      .post('/v1/payments/webhooks/sandbox')
      .set('content-type', 'application/json')
      .send(body)
      .expect(400);
    expect(await reports()).toBe(before);
  });

  it.each([
    ['an id that cannot be stored', { id: '\u0000' }],
    ['half an id', { id: '\ud83d' }],
    ['a type that cannot be stored', { type: 'a\u0000' }],
    ['a reference that cannot be stored', { reference: '\u0000' }],
    ['more money than there is', { amount: 2 ** 53 }],
  ])('refuses a signed report with %s', async (_, wrong) => {
    const body = JSON.stringify({
      id: randomUUID(),
      type: 'refund.succeeded',
      paymentId: randomUUID(),
      amount: 700,
      ...wrong,
    });
    expect((await report(body).expect(400)).body.code).toBe('platform.invalid-request');
  });

  it('knows no provider that is not configured', async () => {
    const { body } = await request(program.url)
      .post('/v1/payments/webhooks/stripe')
      .set('stripe-signature', 't=1,v1=00')
      .send({})
      .expect(404);
    expect(body.code).toBe('payments.unknown-provider');
  });
});

describe('a checkout', () => {
  it('costs two statements to authorize and five to capture, the event among them', async () => {
    let paymentId = '';
    const order = { orderId: randomUUID(), customerId: randomUUID(), amount: euros(5000), paymentToken: 'tok_visa' };
    const authorizing = async () =>
      ({ paymentId } = await payments.authorize({ ...order, idempotencyKey: randomUUID() }));
    expect(await statementsOf(database(), authorizing)).toHaveLength(2);
    // To start it; BEGIN, the payment and its ledger, the event, COMMIT.
    expect(await statementsOf(database(), () => payments.capture({ paymentId }))).toHaveLength(5);
  });

  it('gives up on a provider that does not answer when the caller has no more time', async () => {
    const order = {
      orderId: randomUUID(),
      customerId: randomUUID(),
      amount: euros(5000),
      idempotencyKey: randomUUID(),
      paymentToken: 'tok_timeout',
    };
    await expect(payments.authorize(order, { timeout: 200 })).rejects.toMatchObject({ kind: 'unavailable' });
    await payments.release({ orderId: order.orderId });
    expect((await payments.listPayments({ orderId: order.orderId, limit: 20 })).data).toMatchObject([
      { status: 'voided' },
    ]);
  });

  it('is exported to the person who paid', async () => {
    const { customerId, paymentId } = await aCaptured();
    expect((await payments.exportPersonalData({ userId: customerId })).payments).toMatchObject([{ id: paymentId }]);
  });
});

describe('in production', () => {
  it('the program does not start with play money, unless it is asked for', async () => {
    const start = startTestProgram({ modules: ['payments'], environment: { NODE_ENV: 'production' } });
    await expect(start).rejects.toThrow(/PAYMENT_PROVIDER/);
  });
});
