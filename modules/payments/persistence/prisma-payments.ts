import type { Database } from '#platform/database.ts';
import type { LedgerTransaction } from '../domain/ledger.ts';
import { type Change, type Payment, statesUnderWay, voidStarted } from '../domain/payment.ts';
import type { Payments, PaymentWithRefunds } from '../domain/payments.ts';
import type { PrismaClient } from './generated/client.ts';
import { type PaymentRow, toPayment, toRefund } from './rows.ts';
import { capturePayment, changePayment, openPayment } from './statements.ts';

const month = 30 * 24 * 60 * 60 * 1000;
type OpenedRow = PaymentRow & { readonly fingerprint: string };
const withRefunds = { refunds: { orderBy: { id: 'asc' } } } as const;

export function prismaPayments(database: Database, prisma: PrismaClient): Payments {
  const change = async (id: string, { from, to, reference, decline }: Change, at: Date) =>
    database.query<PaymentRow>(changePayment, [id, from, to, at, reference, decline?.code, decline?.message]);

  const capture = (
    id: string,
    { from, to, captured, reference }: Change,
    { id: transactionId, entries }: LedgerTransaction,
    at: Date,
  ) =>
    database.query<PaymentRow>(capturePayment, [
      id,
      from,
      to,
      at,
      captured,
      transactionId,
      entries.map(({ account }) => account),
      entries.map(({ side }) => side),
      entries.map(({ amount }) => amount.amount),
      entries.map(({ amount }) => amount.currency),
      reference,
    ]);

  const addToLedger = ({ id, paymentId, at, entries }: LedgerTransaction) =>
    prisma.ledgerTransaction.create({
      data: {
        id,
        paymentId,
        at,
        // One statement: the ledger refuses a half of a transaction.
        entries: {
          createMany: {
            data: entries.map(({ account, side, amount }, index) => ({
              line: index + 1,
              accountId: account,
              side,
              amount: amount.amount,
              currency: amount.currency,
            })),
          },
        },
      },
    });

  async function find(id: string): Promise<PaymentWithRefunds | undefined> {
    const row = await prisma.payment.findUnique({ where: { id }, include: withRefunds });
    return row ? { ...toPayment(row), refunds: row.refunds.map(toRefund) } : undefined;
  }

  return {
    async open({ id, orderId, customerId, idempotencyKey, fingerprint, amount, provider, at }) {
      const { rows } = await database.query<OpenedRow>(openPayment, [
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
      const [row] = rows as [OpenedRow];
      return { payment: toPayment(row), fingerprint: row.fingerprint };
    },

    async apply(id, wanted, at) {
      const { ledger } = wanted;
      const { rows } = await (ledger ? capture(id, wanted, ledger, at) : change(id, wanted, at));
      return rows[0] && toPayment(rows[0]);
    },

    find,

    async list({ orderId, customerId, before, limit }) {
      const rows = await prisma.payment.findMany({
        where: {
          ...(orderId && { orderId }),
          ...(customerId && { customerId }),
          ...(before && { id: { lt: before } }),
        },
        orderBy: { id: 'desc' },
        ...(limit !== undefined && { take: limit }),
        include: withRefunds,
      });
      return rows.map((row) => ({ ...toPayment(row), refunds: row.refunds.map(toRefund) }));
    },

    async release(orderId, at): Promise<readonly Payment[]> {
      if (database.inTransaction)
        throw new Error('A release must be visible to others before payments are looked for.');
      await prisma.releasedOrder.createMany({ data: [{ orderId, releasedAt: at }], skipDuplicates: true });
      await prisma.payment.updateMany({
        where: { orderId, state: { in: [...voidStarted.from] } },
        data: { state: voidStarted.to, updatedAt: at },
      });
      return (await prisma.payment.findMany({ where: { orderId } })).map(toPayment);
    },

    async abandoned(before) {
      const rows = await prisma.payment.findMany({
        where: {
          state: { in: [...statesUnderWay] },
          updatedAt: { lt: before },
          // The index is by creation; no provider holds money for longer.
          createdAt: { lt: before, gt: new Date(before.getTime() - month) },
        },
      });
      return rows.map(toPayment);
    },

    lock(id) {
      database.send('SELECT FROM payments WHERE id = $1 FOR NO KEY UPDATE', [id]);
      return find(id);
    },

    async addRefund({ id, refunded }, { amount, reason, status, reference, createdAt, ...refund }) {
      await prisma.payment.update({ where: { id }, data: { refunded, updatedAt: createdAt } });
      await prisma.refund.create({
        data: { id: refund.id, paymentId: id, amount, reason, status, reference, createdAt, updatedAt: createdAt },
      });
    },

    async saveRefund({ payment, refund: { id, status, reference }, ledger }, at) {
      await prisma.payment.update({ where: { id: payment.id }, data: { refunded: payment.refunded, updatedAt: at } });
      await prisma.refund.update({ where: { id }, data: { status, reference, updatedAt: at } });
      if (ledger) await addToLedger(ledger);
    },

    async book(transaction) {
      if (!(await this.isBooked(transaction.id))) await addToLedger(transaction);
    },

    isBooked: async (id) => (await prisma.ledgerTransaction.count({ where: { id } })) > 0,

    forgetCustomer: (customerId, at) =>
      database.transaction(async () => {
        // Lets the payments finish that are just being stored, and makes the next ones see that the person is gone.
        await database.query('LOCK TABLE payments IN SHARE ROW EXCLUSIVE MODE');
        await prisma.erasedCustomer.createMany({ data: [{ customerId, erasedAt: at }], skipDuplicates: true });
        await prisma.refund.updateMany({ where: { payment: { customerId } }, data: { reason: null } });
        await prisma.payment.updateMany({ where: { customerId }, data: { customerId: null } });
      }),
  };
}
