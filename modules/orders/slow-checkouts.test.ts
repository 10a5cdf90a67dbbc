/** One customer's slow checkouts, by the hundreds, and another customer beside them. */
import { randomUUID } from 'node:crypto';
import request from 'supertest';
import { afterEach, describe, expect, it } from 'vitest';
import { currentContext } from '#platform/context.ts';
import { platformErrors } from '#platform/errors.ts';
import { startTestProgram, type TestProgram } from '../../tests/support/program.ts';
import { whenTaken } from '../../tests/support/when-taken.ts';
import { PaymentsApi } from '../payments/contract.ts';
import type { Till } from './sagas/checkout.ts';
import { InMemoryTill } from './testing/in-memory-till.ts';

/** A provider that leaves `tok_slow` without an answer, and counts how many wait for one now and at most. */
function aSlowTill() {
  const payments = new InMemoryTill();
  const slow = { underWay: 0, most: 0 };
  const hold = () => {
    slow.most = Math.max(slow.most, ++slow.underWay);
    return new Promise<never>((_, reject) => {
      currentContext()!.signal.addEventListener('abort', () => {
        slow.underWay--;
        reject(platformErrors.deadlineExceeded());
      });
    });
  };
  const authorize: Till['authorize'] = (input) =>
    input.paymentToken === 'tok_slow' ? hold() : payments.authorize(input);
  return { slow, till: { authorize, capture: payments.capture, release: payments.release } satisfies Till };
}

let program: TestProgram;
let slow: ReturnType<typeof aSlowTill>['slow'];
afterEach(() => program.stop());

async function start(environment: Record<string, string>) {
  const payments = aSlowTill();
  slow = payments.slow;
  program = await startTestProgram({
    modules: ['orders'],
    remotes: [[PaymentsApi, payments.till]],
    environment: { SEED: 'demo', RATE_LIMIT_PER_MINUTE: '0', SHUTDOWN_TIMEOUT: '1', ...environment },
  });
}

function customer() {
  const token = program.tokenFor({ userId: randomUUID() });
  const order = (paymentToken: string, wait = 0) =>
    request(program.url)
      .post('/v1/orders')
      .set({ authorization: `Bearer ${token}`, prefer: `wait=${wait}` })
      .send({ items: [{ sku: 'filter-papers', quantity: 1 }], paymentToken });
  const statusOf = async (id: string) =>
    (await request(program.url).get(`/v1/orders/${id}`).set('authorization', `Bearer ${token}`)).body.status as string;
  return { order, statusOf };
}

describe('hundreds of checkouts whose payment provider does not answer', { timeout: 120_000 }, () => {
  it("leave another customer's at its pace", async () => {
    await start({ MAX_PENDING_ORDERS: '1000' });
    const [greedy, other] = [customer(), customer()];
    const orders: string[] = [];
    for (let batch = 0; batch < 30; batch++) {
      const placed = await Promise.all(Array.from({ length: 10 }, () => whenTaken(() => greedy.order('tok_slow'))));
      for (const { status } of placed) expect(status).toBe(201);
      orders.push(...placed.map(({ body }) => body.id as string));
    }
    for (let n = 0; n < 5; n++) expect((await other.order('tok_visa', 30)).body).toMatchObject({ status: 'paid' });
    expect(slow.most, 'of the 64 checkouts that there can be at once').toBe(8);
    expect(new Set(await Promise.all(orders.slice(0, 20).map((id) => greedy.statusOf(id))))).toEqual(
      new Set(['pending']),
    );
  });

  it('are refused beyond what one customer may have pending, and nobody else is', async () => {
    await start({ MAX_PENDING_ORDERS: '3' });
    const [greedy, other] = [customer(), customer()];
    for (let n = 0; n < 3; n++) await greedy.order('tok_slow').expect(201);
    const { body, headers } = await greedy.order('tok_slow').expect(429);
    expect([body.code, headers['retry-after']]).toEqual(['orders.too-many-pending', '10']);
    await other.order('tok_visa').expect(201);
  });
});

describe('trying one card after the other', () => {
  it('ends after some that were refused', async () => {
    await start({ MAX_DECLINES_PER_HOUR: '3' });
    const [tester, other] = [customer(), customer()];
    for (let n = 0; n < 3; n++)
      expect((await tester.order('tok_declined', 30).expect(201)).body).toMatchObject({ status: 'cancelled' });
    const { body, headers } = await tester.order('tok_visa').expect(429);
    expect(body.code).toBe('orders.too-many-declines');
    expect(Number(headers['retry-after'])).toBeGreaterThan(3500);
    await other.order('tok_visa').expect(201);
  });
});
