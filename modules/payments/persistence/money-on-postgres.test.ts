/** Nothing that happens at the same time, fails or is repeated loses money or makes it: the use cases on PostgreSQL, a bank with a memory beside them. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '#platform/errors.ts';
import type { Transaction } from '#platform/transaction.ts';
import { type TestDatabase, testDatabase } from '../../../tests/support/postgres.ts';
import { statementsOf } from '../../../tests/support/statements.ts';
import { PaymentsErrors } from '../contract.ts';
import { Bank } from '../testing/bank.ts';
import { expectBothSidesToAgree } from '../testing/expect-both-sides-to-agree.ts';
import { aTill } from '../testing/till.ts';
import { PrismaClient } from './generated/client.ts';
import { prismaPayments } from './prisma-payments.ts';
import { prismaReports } from './prisma-reports.ts';

let test: TestDatabase;
let prisma: PrismaClient;
const transaction: Transaction = (work) => test.database.transaction(work);
beforeAll(async () => {
  test = await testDatabase('payments', { poolSize: 8 });
  prisma = test.database.prisma(PrismaClient);
  await test.sql('SET search_path = payments');
});
afterAll(() => test.drop());

function open() {
  const bank = new Bank();
  const till = aTill(prismaPayments(test.database, prisma), bank.asProviders, transaction);
  return { bank, outbox: till.outbox, orderId: randomUUID(), till };
}

/** As a saga does: again with the same input, until the answer is final. */
async function untilFinal<T>(act: () => Promise<T>): Promise<T | string> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.kind !== 'unavailable') return error.code;
    }
  }
}

/** The balance of one order at the sandbox, after a look that the ledger as a whole is balanced. */
async function booksOf(orderId: string) {
  const { rows: unbalanced } = await test.sql(
    `SELECT transaction_id FROM ledger_entries GROUP BY transaction_id, currency
     HAVING sum(CASE side WHEN 'debit' THEN amount ELSE -amount END) <> 0`,
  );
  expect(unbalanced).toEqual([]);
  const { rows } = await test.sql(
    `SELECT coalesce(sum(CASE side WHEN 'debit' THEN e.amount ELSE -e.amount END), 0)::int AS balance
     FROM ledger_entries e JOIN ledger_transactions t ON t.id = transaction_id JOIN payments p ON p.id = payment_id
     WHERE account_id = 'provider:sandbox' AND order_id = $1`,
    [orderId],
  );
  return rows[0]?.balance as number;
}

type Act =
  | { readonly kind: 'pay'; readonly captures: number }
  | { readonly kind: 'refund'; readonly amount: number }
  | { readonly kind: 'release' };
interface Trouble {
  /** Milliseconds. */
  readonly wait: number;
  readonly fail: boolean;
}

const acts = fc.array(
  fc.record({
    at: fc.integer({ min: 0, max: 12 }),
    act: fc.oneof(
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('pay' as const), captures: fc.integer({ min: 0, max: 2 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('refund' as const), amount: fc.integer({ min: 1, max: 4000 }) }),
      },
      { weight: 1, arbitrary: fc.constant({ kind: 'release' as const }) },
    ) satisfies fc.Arbitrary<Act>,
  }),
  { minLength: 2, maxLength: 8 },
);
const troubles = fc.array(
  fc.record({ wait: fc.integer({ min: 0, max: 6 }), fail: fc.boolean() }) satisfies fc.Arbitrary<Trouble>,
  {
    maxLength: 16,
  },
);

describe('whatever happens to an order at the same time', () => {
  it('our books say what the bank holds, and a released order costs nothing', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(acts, troubles, async (sequence, disturbances) => {
        const { bank, outbox, orderId, till } = open();
        const queue = [...disturbances];
        bank.disturbedBy(async () => {
          const trouble = queue.shift();
          if (!trouble) return;
          await sleep(trouble.wait);
          if (trouble.fail) throw PaymentsErrors.providerUnavailable();
        });

        async function pay(captures: number): Promise<void> {
          const request = { idempotencyKey: randomUUID(), orderId, customerId: randomUUID() };
          const answer = await untilFinal(() => till.authorize(request));
          if (typeof answer === 'string') return;
          await Promise.all(Array.from({ length: captures }, () => untilFinal(() => till.capture(answer.paymentId))));
        }
        async function refund(amount: number): Promise<void> {
          const [payment] = await till.payments.list({ orderId });
          if (payment) await untilFinal(() => till.refund(payment.id, amount));
        }
        await Promise.all(
          sequence.map(async ({ at, act }) => {
            await sleep(at);
            if (act.kind === 'pay') await pay(act.captures);
            if (act.kind === 'refund') await refund(act.amount);
            if (act.kind === 'release') await untilFinal(() => till.release(orderId));
          }),
        );
        await till.settleRefunds();

        const payments = await till.payments.list({ orderId });
        expect(await booksOf(orderId)).toBe(bank.kept);
        expect(bank.held).toBe(
          payments.filter(({ state }) => state === 'authorized').reduce((sum, { amount }) => sum + amount.amount, 0),
        );
        for (const { id, state, captured, refunded, amount, refunds } of payments) {
          expect(captured).toBe(bank.holds.get(id)?.state === 'taken' ? amount.amount : 0);
          expect(refunded).toBe(refunds.reduce((sum, each) => sum + each.amount, 0));
          expect(refunded).toBeLessThanOrEqual(captured);
          const announced = outbox.events.filter(
            ({ name, payload }) =>
              name === 'payments.payment-captured' && (payload as { paymentId: string }).paymentId === id,
          );
          expect(announced).toHaveLength(state === 'captured' ? 1 : 0);
        }
        if (sequence.some(({ act }) => act.kind === 'release'))
          expect({ held: bank.held, kept: bank.kept }).toEqual({ held: 0, kept: 0 });
      }),
      { numRuns: 60 },
    );
  });

  it(
    'leaves the ledger saying what Stripe took and gave back, whatever is done there and in whatever order it is reported',
    { timeout: 120_000 },
    () =>
      expectBothSidesToAgree(
        async () => ({
          payments: prismaPayments(test.database, prisma),
          reports: prismaReports(prisma),
          transaction,
          async balanceOf(paymentId) {
            const { rows } = await test.sql(
              `SELECT coalesce(sum(CASE side WHEN 'debit' THEN amount ELSE -amount END), 0)::int AS balance
             FROM ledger_entries JOIN ledger_transactions t ON t.id = transaction_id WHERE account_id = 'provider:stripe' AND payment_id = $1`,
              [paymentId],
            );
            return rows[0]?.balance as number;
          },
        }),
        30,
      ),
  );

  it('an authorization that could not give itself back does so when it is repeated', async () => {
    const { bank, till, orderId } = open();
    let failing = true;
    bank.disturbedBy(async (when, act) => {
      if (act === 'authorize' && when === 'after')
        await test.sql('INSERT INTO released_orders VALUES ($1, now())', [orderId]);
      if (act === 'void' && failing) throw PaymentsErrors.providerUnavailable();
    });
    const request = { orderId, idempotencyKey: randomUUID(), customerId: randomUUID() };
    await expect(till.authorize(request)).rejects.toMatchObject({ code: 'payments.provider-unavailable' });
    await expect(till.authorize(request)).rejects.toMatchObject({ code: 'payments.provider-unavailable' });
    expect(bank.held).toBe(5000);
    failing = false;
    await expect(till.authorize(request)).rejects.toMatchObject({ code: 'payments.order-released' });
    expect(bank.held).toBe(0);
    expect(await till.payments.list({ orderId })).toMatchObject([{ state: 'voided' }]);
  });

  it('an authorization that the release of its order did not see gives itself back', async () => {
    const { bank, till, orderId } = open();
    bank.disturbedBy(async (when, act) => {
      if (act === 'authorize' && when === 'after')
        await test.sql('INSERT INTO released_orders VALUES ($1, now())', [orderId]);
    });
    await expect(till.authorize({ orderId })).rejects.toMatchObject({ code: 'payments.order-released' });
    expect(bank.held).toBe(0);
    expect(await till.payments.list({ orderId })).toMatchObject([{ state: 'voided' }]);
  });

  it('and one that crashed before it could is given back by the next try', async () => {
    const { bank, till, orderId } = open();
    bank.disturbedBy(async (when) => {
      if (when === 'before') return;
      await test.sql('INSERT INTO released_orders VALUES ($1, now()) ON CONFLICT DO NOTHING', [orderId]);
      bank.disturbedBy(async () => {});
      throw PaymentsErrors.providerUnavailable();
    });
    const request = { orderId, idempotencyKey: randomUUID(), customerId: randomUUID() };
    await expect(till.authorize(request)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(bank.held).toBe(5000);
    await expect(till.authorize(request)).rejects.toMatchObject({ code: 'payments.order-released' });
    expect(bank.held).toBe(0);
  });
});

describe('what a payment costs the database', () => {
  const cost = async (work: () => Promise<unknown>) => (await statementsOf(test.database, work)).length;

  it('two statements to authorize, one to start the capture, and one in the transaction that settles it', async () => {
    const { till } = open();
    let paymentId = '';
    expect(await cost(async () => ({ paymentId } = await till.authorize()))).toBe(2);
    // To start it; BEGIN, to settle it, COMMIT. The outbox adds its own insert to this transaction.
    expect(await cost(() => till.capture(paymentId))).toBe(4);
  });

  it('one statement for a request that was answered before', async () => {
    const { till } = open();
    const request = { orderId: randomUUID(), idempotencyKey: randomUUID(), customerId: randomUUID() };
    await till.authorize(request);
    expect(await cost(() => till.authorize(request))).toBe(1);
  });
});
