/** Events that modules announce while others that react to them are left out, with no broker in between. */
import { randomUUID } from 'node:crypto';
import supertest from 'supertest';
import { afterAll, expect, it } from 'vitest';
import { PaymentsApi } from '../modules/payments/contract.ts';
import { freshDatabaseUrl } from './support/postgres.ts';
import { startTestProgram, type TestProgram } from './support/program.ts';

const closers: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

async function customerOf(program: TestProgram) {
  const credentials = { email: `${randomUUID()}@example.com`, password: 'correct horse battery staple' };
  await supertest(program.url)
    .post('/v1/auth/register')
    .send({ ...credentials, name: 'Ada' })
    .expect(201);
  const { body } = await supertest(program.url).post('/v1/auth/login').send(credentials).expect(200);
  const { body: profile } = await supertest(program.url).get('/v1/users/me').set(bearer(body.accessToken)).expect(200);
  return { credentials, userId: profile.userId as string, token: body.accessToken as string };
}

it('a paid order that is cancelled while payments is left out is refunded once, when all modules run again', async () => {
  const { url: databaseUrl, drop } = await freshDatabaseUrl();
  closers.push(drop);
  const whole = await startTestProgram({ databaseUrl, environment: { SEED: 'demo' } });
  const customer = await customerOf(whole);
  const { body: order } = await supertest(whole.url)
    .post('/v1/orders')
    .set({ ...bearer(customer.token), prefer: 'wait=20' })
    .send({ items: [{ sku: 'coffee-beans', quantity: 1 }], paymentToken: 'tok_visa' })
    .expect(201);
  expect(order.status).toBe('paid');
  await whole.stop();

  const left = await startTestProgram({ databaseUrl, modules: ['orders'], remotes: [[PaymentsApi, {}]] });
  const token = left.tokenFor({ userId: customer.userId });
  await supertest(left.url).post(`/v1/orders/${order.id}/cancel`).set(bearer(token)).expect(200);
  const pending = async () =>
    /^fissile_outbox_pending_events\{fissile_module="orders"\} (\d+)$/m.exec(
      (await supertest(left.url).get('/metrics')).text,
    )?.[1];
  // The events that the order announced before have no subscriber, and are done with.
  await expect.poll(pending).toBe('1');
  expect(left.logged.join('\n')).toContain('payments reacts to orders.order-cancelled');
  await left.stop();

  const again = await startTestProgram({ databaseUrl });
  closers.push(() => again.stop());
  const { body: tokens } = await supertest(again.url).post('/v1/auth/login').send(customer.credentials).expect(200);
  const refunds = async () => {
    const { body } = await supertest(again.url)
      .get(`/v1/payments?orderId=${order.id}`)
      .set(bearer(tokens.accessToken))
      .expect(200);
    return body.data.flatMap((payment: { refunds: object[] }) => payment.refunds);
  };
  await expect.poll(refunds).toMatchObject([{ status: 'succeeded', amount: order.total }]);
  await expect
    .poll(async () => (await supertest(again.url).get('/metrics')).text)
    .toContain('fissile_outbox_pending_events{fissile_module="orders"} 0');
  expect(await refunds()).toHaveLength(1);
});
