/** The module on its own, over HTTP; what it calls of payments is answered from memory. */
import { v7 as uuid } from 'uuid';
import supertest from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '#platform/context.ts';
import type { Client } from '#platform/contract.ts';
import { startTestProgram, type TestProgram } from '../../tests/support/program.ts';
import { roundTripsOf, statementsOf } from '../../tests/support/statements.ts';
import { PaymentsApi } from '../payments/contract.ts';
import { InMemoryTill } from './testing/in-memory-till.ts';
import { aProduct, eur } from './testing/shop.ts';

const payments = new InMemoryTill();
let program: TestProgram;
beforeAll(async () => {
  program = await startTestProgram({
    modules: ['orders'],
    remotes: [[PaymentsApi, payments as unknown as Client<never>]],
    // Requests may say which trace they are part of: by that their statements are counted.
    environment: { CHECKOUT_TIMEOUT: '2', SEED: 'demo', TRUST_PROXY: '1' },
  });
});
afterAll(() => program.stop());

function visitor(headers: Record<string, string> = {}) {
  const send =
    (method: 'get' | 'post' | 'patch') =>
    (path: string, body?: object, more: Record<string, string> = {}) => {
      const agent = supertest(program.url);
      return agent[method](path)
        .set({ ...headers, ...more })
        .send(body);
    };
  return { get: send('get'), post: send('post'), patch: send('patch') };
}
function person(...roles: Role[]) {
  const userId = uuid();
  return { userId, ...visitor({ authorization: `Bearer ${program.tokenFor({ userId, roles })}` }) };
}
const customer = () => person('customer');
const keeper = () => person('customer', 'admin');

async function onSale(fields: Parameters<typeof aProduct>[0] = {}) {
  const product = aProduct(fields);
  await keeper().post('/v1/products', product).expect(201);
  return product;
}
const stockOf = async (sku: string) => (await visitor().get(`/v1/products/${sku}`)).body.stock as number;
const until = (wait: number) => ({ prefer: `wait=${wait}` });

async function order(as: ReturnType<typeof customer>, sku: string, quantity = 1, paymentToken = 'tok_visa', wait = 5) {
  const { body } = await as.post('/v1/orders', { items: [{ sku, quantity }], paymentToken }, until(wait)).expect(201);
  return body as { id: string; status: string };
}

describe('the catalogue', () => {
  it('starts with a dozen products to try out, and says so', async () => {
    const { body } = await visitor().get('/v1/products/mug-blue').expect(200);
    expect(body).toEqual({ sku: 'mug-blue', name: 'Blue stoneware mug', price: eur(1490), stock: 120, version: 1 });
    expect(program.announced).toContain('The demo catalogue is loaded: 12 products.');
  });

  it('is read page by page', async () => {
    const skus: string[] = [];
    let cursor: string | null = '';
    do {
      const path: string = `/v1/products?limit=5${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
      const { body } = await visitor().get(path).expect(200);
      skus.push(...body.data.map(({ sku }: { sku: string }) => sku));
      cursor = body.nextCursor;
    } while (cursor !== null);
    expect(skus.length).toBeGreaterThanOrEqual(12);
    expect(skus).toEqual([...new Set(skus)].sort());
  });

  it('tells where a new product is and in which version', async () => {
    const mug = aProduct();
    const { body, headers } = await keeper().post('/v1/products', mug).expect(201);
    expect(body).toEqual({ ...mug, version: 1 });
    expect([headers.location, headers.etag]).toEqual([`/v1/products/${mug.sku}`, '"1"']);
    expect((await keeper().post('/v1/products', mug).expect(409)).body.code).toBe('orders.sku-taken');
  });

  it('changes in the version one has seen, and every order makes another version', async () => {
    const mug = await onSale({ stock: 10 });
    await order(customer(), mug.sku);
    const change = (etag: string) => keeper().patch(`/v1/products/${mug.sku}`, { stock: 20 }, { 'if-match': etag });
    await change('"1"').expect(412);
    const { body, headers } = await change('"2"').expect(200);
    expect([body.stock, headers.etag]).toEqual([20, '"3"']);
  });

  it('keeps what is ordered aside when an administrator says what can be ordered', async () => {
    const mug = await onSale({ stock: 10 });
    const somebody = customer();
    const { id } = await order(somebody, mug.sku, 4);
    await keeper().patch(`/v1/products/${mug.sku}`, { stock: 0 }).expect(200);
    await somebody.post(`/v1/orders/${id}/cancel`).expect(200);
    expect(await stockOf(mug.sku)).toBe(4);
  });

  it.each([
    ['/v1/products/no-such-product', 404],
    ['/v1/products/not%20a%20sku', 400],
    ['/v1/products?limit=101', 400],
    ['/v1/products?page=2', 400],
  ])('answers %s with %i', async (path, status) => {
    expect((await visitor().get(path)).status).toBe(status);
  });

  it.each([
    ['nobody', visitor, 401],
    ['a customer', customer, 403],
  ])('is not for %s to edit (S30)', async (_, who, status) => {
    const mug = await onSale();
    expect((await who().post('/v1/products', aProduct())).status).toBe(status);
    expect((await who().patch(`/v1/products/${mug.sku}`, { stock: 1 })).status).toBe(status);
  });
});

describe('an order', () => {
  it('is paid, at the prices of the catalogue', async () => {
    const mug = await onSale({ price: eur(1250), stock: 10 });
    const somebody = customer();
    const items = [
      { sku: mug.sku, quantity: 2 },
      { sku: mug.sku, quantity: 1 },
    ];
    const { body, headers } = await somebody
      .post('/v1/orders', { items, paymentToken: 'tok_visa' }, until(5))
      .expect(201);
    expect(body).toEqual({
      id: expect.any(String),
      customerId: somebody.userId,
      status: 'paid',
      items: [{ sku: mug.sku, name: mug.name, quantity: 3, unitPrice: eur(1250) }],
      total: eur(3750),
      cancellation: null,
      history: [
        { status: 'pending', at: body.placedAt },
        { status: 'paid', at: expect.any(String) },
      ],
      version: 2,
      placedAt: expect.any(String),
    });
    expect(headers.location).toBe(`/v1/orders/${body.id}`);
    expect(payments.taken.get(body.id)).toBe(3750);
    expect((await somebody.get(headers.location!).expect(200)).body).toEqual(body);
    expect(await stockOf(mug.sku)).toBe(7);
  });

  it('is paid without anybody being asked for money where it costs nothing', async () => {
    const sample = await onSale({ price: eur(0) });
    const items = [{ sku: sample.sku, quantity: 2 }];
    const { body } = await customer().post('/v1/orders', { items, paymentToken: 'tok_declined' }, until(5)).expect(201);
    expect(body).toMatchObject({ status: 'paid', total: eur(0), version: 2 });
  });

  it('is pending at first for those who do not wait', async () => {
    const mug = await onSale();
    const { body } = await customer().post('/v1/orders', {
      items: [{ sku: mug.sku, quantity: 1 }],
      paymentToken: 'tok_visa',
    });
    expect(body).toMatchObject({ status: 'pending', version: 1 });
  });

  it('is cancelled when its payment is declined, says why, and has its stock back', async () => {
    const mug = await onSale({ stock: 3 });
    expect(await order(customer(), mug.sku, 2, 'tok_declined')).toMatchObject({
      status: 'cancelled',
      cancellation: { code: 'payments.declined', message: 'The payment was declined.' },
    });
    expect(await stockOf(mug.sku)).toBe(3);
  });

  it('is cancelled when its payment is not completed in time', async () => {
    const mug = await onSale({ stock: 3 });
    expect(await order(customer(), mug.sku, 2, 'tok_timeout', 10)).toMatchObject({
      status: 'cancelled',
      cancellation: { code: 'orders.payment-timed-out' },
    });
    expect(await stockOf(mug.sku)).toBe(3);
  });

  it('gives stock and money back when it is cancelled while it is being paid, once', async () => {
    const mug = await onSale({ stock: 3 });
    const somebody = customer();
    const { id, status } = await order(somebody, mug.sku, 3, 'tok_timeout', 0);
    expect([status, await stockOf(mug.sku)]).toEqual(['pending', 0]);
    const { body } = await somebody.post(`/v1/orders/${id}/cancel`).expect(200);
    expect(body).toMatchObject({ status: 'cancelled', cancellation: { code: 'orders.cancelled-by-customer' } });
    expect(await stockOf(mug.sku)).toBe(3);
    expect((await somebody.post(`/v1/orders/${id}/cancel`).expect(200)).body).toEqual(body);
    expect(await stockOf(mug.sku)).toBe(3);
    expect(payments.moneyOf(id)).toBe(0);
  });

  it.each([
    ['more than there is', { quantity: 11 }, 409, 'orders.out-of-stock'],
    ['something unknown', { sku: 'no-such-product' }, 400, 'orders.unknown-product'],
    ['nothing of it', { quantity: 0 }, 400, 'platform.invalid-request'],
    ['a price of its own (S31)', { unitPrice: 1 }, 400, 'platform.invalid-request'],
  ])('of %s is refused', async (_, fields, status, code) => {
    const mug = await onSale({ stock: 10 });
    const items = [{ sku: mug.sku, quantity: 1, ...fields }];
    const { body } = await customer().post('/v1/orders', { items, paymentToken: 'tok_visa' }).expect(status);
    expect(body.code).toBe(code);
    expect(await stockOf(mug.sku)).toBe(10);
  });

  it('is placed once under one idempotency key, and answered alike', async () => {
    const mug = await onSale({ stock: 10 });
    const somebody = customer();
    const send = (quantity: number) =>
      somebody.post(
        '/v1/orders',
        { items: [{ sku: mug.sku, quantity }], paymentToken: 'tok_visa' },
        { 'idempotency-key': 'one-order', ...until(5) },
      );
    const first = await send(2).expect(201);
    expect((await send(2).expect(201)).text).toBe(first.text);
    await send(3).expect(422);
    expect(await stockOf(mug.sku)).toBe(8);
  });

  it("is nobody else's business, except an administrator's (S29)", async () => {
    const mug = await onSale({ stock: 10 });
    const { id } = await order(customer(), mug.sku);
    const other = customer();
    for (const request of [other.get(`/v1/orders/${id}`), other.post(`/v1/orders/${id}/cancel`)]) {
      expect((await request.expect(404)).body.code).toBe('orders.order-not-found');
    }
    await visitor().get(`/v1/orders/${id}`).expect(401);
    expect((await keeper().get(`/v1/orders/${id}`).expect(200)).body.status).toBe('paid');
    const { body } = await keeper().post(`/v1/orders/${id}/cancel`).expect(200);
    expect(body.cancellation.code).toBe('orders.cancelled-by-shop');
  });

  it('is listed for its customer only, the newest first', async () => {
    const mug = await onSale({ stock: 10 });
    const somebody = customer();
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.unshift((await order(somebody, mug.sku, 1, 'tok_visa', 0)).id);
    const idsOf = ({ body }: { body: { data: { id: string }[] } }) => body.data.map(({ id }) => id);

    const first = await somebody.get('/v1/orders?limit=2').expect(200);
    const second = await somebody.get(`/v1/orders?limit=2&cursor=${first.body.nextCursor}`).expect(200);
    expect([...idsOf(first), ...idsOf(second)]).toEqual(ids);
    expect(second.body.nextCursor).toBeNull();
    expect(idsOf(await customer().get('/v1/orders'))).toEqual([]);
  });
});

describe('the statements on the database of orders', () => {
  const ofOrders = () => program.modules.get('orders')!.database.database;

  it('are one to read an order', async () => {
    const mug = await onSale();
    const somebody = customer();
    const { id } = await order(somebody, mug.sku);
    const reading = (traceparent: string) => somebody.get(`/v1/orders/${id}`, {}, { traceparent }).expect(200);
    expect(await statementsOf(ofOrders(), reading)).toHaveLength(1);
  });

  it('go out in two round trips to place one, five to pay it, and one to show it at the end', async () => {
    const mug = await onSale({ stock: 100 });
    const somebody = customer();
    const placing = ['BEGIN, locks and reads', 'stock, order, saga, outbox, COMMIT'];
    const paying = ['authorized', 'captured', 'BEGIN, lock', 'order, saga', 'outbox, COMMIT'];
    const showing = ['select'];

    let orderId = '';
    const ordering = async (traceparent: string) => {
      const wanted = { items: [{ sku: mug.sku, quantity: 1 }], paymentToken: 'tok_visa' };
      const { body } = await somebody.post('/v1/orders', wanted, { ...until(30), traceparent }).expect(201);
      expect(body.status).toBe('paid');
      orderId = body.id;
    };
    // Events are marked as delivered later, for many orders at once.
    expect(await roundTripsOf(ofOrders(), ordering, () => orderId)).toBe([...placing, ...paying, ...showing].length);
  });
});
