import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Transaction } from '#platform/transaction.ts';
import { type TestDatabase, testDatabase } from '../../../tests/support/postgres.ts';
import { authorized, captured } from '../domain/payment.ts';
import type { Intent, Payments } from '../domain/payments.ts';
import { paymentsSuite } from '../testing/payments.suite.ts';
import { anIntent, noon } from '../testing/payments.ts';
import { reportsSuite } from '../testing/reports.suite.ts';
import { PrismaClient } from './generated/client.ts';
import { prismaPayments } from './prisma-payments.ts';
import { prismaReports } from './prisma-reports.ts';
import { openPayment } from './statements.ts';

let test: TestDatabase;
let prisma: PrismaClient;
let payments: Payments;
const transaction: Transaction = (work) => test.database.transaction(work);

beforeAll(async () => {
  test = await testDatabase('payments');
  prisma = test.database.prisma(PrismaClient);
});
afterAll(() => test.drop());
beforeEach(async () => {
  // The ledger lets nobody empty it; a superuser can tell its triggers to look away.
  await test.sql(`SET session_replication_role = replica; SET search_path = payments;
    DELETE FROM ledger_entries; DELETE FROM ledger_transactions; DELETE FROM refunds; DELETE FROM payments;
    DELETE FROM released_orders; DELETE FROM erased_customers; DELETE FROM provider_reports; SET session_replication_role = DEFAULT`);
  payments = prismaPayments(test.database, prisma);
});

describe('payments in PostgreSQL', () => {
  reportsSuite(async () => ({ transaction, reports: prismaReports(prisma) }));
  paymentsSuite(async () => ({
    transaction,
    payments,
    booked: async () =>
      (await test.sql('SELECT id FROM ledger_transactions ORDER BY at, ctid')).rows.map(({ id }) => id as string),
  }));

  async function aCapturedPayment() {
    const { payment } = await payments.open(anIntent());
    await payments.apply(payment.id, authorized('pi_1'), noon);
    await payments.apply(payment.id, captured(payment, noon), noon);
    return payment;
  }

  it.each([
    'UPDATE ledger_entries SET amount = 1',
    'DELETE FROM ledger_entries',
    'TRUNCATE ledger_entries',
    'UPDATE ledger_transactions SET at = now()',
    'DELETE FROM ledger_transactions',
    "DELETE FROM ledger_accounts WHERE id = 'sales'",
  ])('let nobody change the ledger by %s', async (statement) => {
    await aCapturedPayment();
    await expect(test.database.query(statement)).rejects.toThrow('only ever added to');
    await expect(test.sql(statement), 'not even a superuser').rejects.toThrow('only ever added to');
  });

  it.each([
    ['one side is missing', "('t', 1, 'sales', 'debit', 5, 'EUR')"],
    ['the sides differ', "('t', 1, 'sales', 'debit', 5, 'EUR'), ('t', 2, 'refunds', 'credit', 6, 'EUR')"],
    ['the currencies differ', "('t', 1, 'sales', 'debit', 5, 'EUR'), ('t', 2, 'refunds', 'credit', 5, 'USD')"],
  ])('refuse a ledger transaction where %s', async (_, entries) => {
    const { id } = await aCapturedPayment();
    await test.sql("INSERT INTO ledger_transactions (id, payment_id, at) VALUES ('t', $1, now())", [id]);
    const insert = test.database.query(
      `INSERT INTO ledger_entries (transaction_id, line, account_id, side, amount, currency) VALUES ${entries}`,
    );
    await expect(insert).rejects.toThrow('differ');
  });

  it('give the balance of an account as the sum of its entries', async () => {
    await aCapturedPayment();
    await aCapturedPayment();
    const { rows } = await test.database.query(
      'SELECT account_id, currency, balance::int FROM ledger_balances ORDER BY 1',
    );
    expect(rows).toEqual([
      { account_id: 'provider:sandbox', currency: 'EUR', balance: 10_000 },
      { account_id: 'sales', currency: 'EUR', balance: -10_000 },
    ]);
  });

  it('refuse to release within a transaction, where nobody else would see it yet', async () => {
    await expect(test.database.transaction(() => payments.release(anIntent().orderId, noon))).rejects.toThrow(
      'visible',
    );
  });

  const storedBySomebodyElse = ({
    id,
    orderId,
    customerId,
    idempotencyKey,
    fingerprint,
    amount,
    provider,
    at,
  }: Intent) =>
    test.sql(openPayment, [
      id,
      orderId,
      customerId,
      idempotencyKey,
      fingerprint,
      amount.currency,
      amount.amount,
      provider,
      at,
    ]);

  it('forget the customer of a payment that is just being stored', async () => {
    const intent = anIntent();
    await test.sql('BEGIN');
    await storedBySomebodyElse(intent);
    const forgotten = payments.forgetCustomer(intent.customerId, noon);
    await sleep(100);
    await test.sql('COMMIT');
    await forgotten;
    expect((await payments.find(intent.id))?.customerId).toBeNull();
  });

  it('forget the customer of a payment that is stored before everybody knows', async () => {
    const intent = anIntent();
    let stored: Promise<unknown> | undefined;
    await test.database.transaction(async () => {
      await payments.forgetCustomer(intent.customerId, noon);
      stored = storedBySomebodyElse(intent);
      await sleep(100);
    });
    await stored;
    expect((await payments.find(intent.id))?.customerId).toBeNull();
  });

  it('change a payment without touching its indexes', async () => {
    await aCapturedPayment();
    const { rows } = await test.sql(
      `SELECT fillfactor FROM (SELECT substring(reloptions::text from 'fillfactor=(\\d+)') AS fillfactor FROM pg_class WHERE oid = 'payments'::regclass) options`,
    );
    expect(Number(rows[0]?.fillfactor)).toBeLessThan(90);
    const indexed = await test.sql(`SELECT indexdef FROM pg_indexes WHERE tablename = 'payments'`);
    for (const { indexdef } of indexed.rows)
      expect(indexdef).not.toMatch(/state|updated_at|reference|captured|refunded/);
  });
});
