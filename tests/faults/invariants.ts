/** Invariants after any crash, each a query that finds what breaks it; see ADR/ for the guarantees behind them. */
import type pg from 'pg';
import { findModules } from '../../src/host/modules.ts';

const modules = await findModules();
const inEveryModule = (query: (schema: string) => string) =>
  modules.map((schema) => `(${query(schema)})`).join(' UNION ALL ');

/** By number and name; no row may come back. */
const invariants: Readonly<Record<string, string>> = {
  '2 debits equal credits in every transaction and currency': `
    SELECT transaction_id, currency FROM payments.ledger_entries GROUP BY transaction_id, currency
    HAVING sum(amount) FILTER (WHERE side = 'debit') IS DISTINCT FROM sum(amount) FILTER (WHERE side = 'credit')`,
  '3 what the provider owes us is what was captured less what was refunded': `
    SELECT * FROM
      (SELECT coalesce(sum(balance), 0) AS balance FROM payments.ledger_balances WHERE account_id LIKE 'provider:%') owed,
      (SELECT coalesce(sum(captured), 0) AS captured FROM payments.payments) taken,
      (SELECT coalesce(sum(amount), 0) AS refunded FROM payments.refunds WHERE status = 'succeeded') returned
    WHERE balance <> captured - refunded`,
  '4 captured at most what was authorized, refunded at most what was captured': `
    SELECT id FROM payments.payments WHERE captured > amount OR refunded > captured`,
  '5 at most one capture an order': `
    SELECT order_id FROM payments.payments WHERE captured > 0 GROUP BY order_id HAVING count(*) > 1`,
  '6 nothing below zero in stock, and reserved exactly what orders hold': `
    SELECT sku, reserved, held FROM orders.products LEFT JOIN (
      SELECT item ->> 'sku' AS sku, sum((item ->> 'quantity')::bigint) AS held
      FROM orders.orders, jsonb_array_elements(items) AS item WHERE status <> 'cancelled' GROUP BY 1
    ) orders USING (sku) WHERE available < 0 OR reserved <> coalesce(held, 0)`,
  '7 paid exactly when the capture covers the total': `
    SELECT orders.id, orders.status, orders.total, captured FROM orders.orders LEFT JOIN (
      SELECT order_id, sum(captured - refunded) AS captured FROM payments.payments GROUP BY 1
    ) payments ON order_id = orders.id
    WHERE (status = 'paid') <> (coalesce(captured, 0) = total AND total > 0)`,
  '8 cancelled means the money is released': `
    SELECT payments.id, payments.state FROM payments.payments JOIN orders.orders ON orders.id = order_id
    WHERE orders.status = 'cancelled' AND state NOT IN ('voided', 'declined') AND captured <> refunded`,
  '8 every refund has ended': `SELECT id FROM payments.refunds WHERE status <> 'succeeded'`,
  '9 no saga is unfinished': inEveryModule(
    (schema) => `SELECT name, id FROM ${schema}.sagas WHERE state NOT IN ('completed', 'undone')`,
  ),
  '9 no order is pending': `SELECT id FROM orders.orders WHERE status = 'pending'`,
  '11 every order that was placed, paid or cancelled was announced as such, once': `
    SELECT orders.id, step ->> 'status', count(outbox.id) FROM orders.orders
      CROSS JOIN jsonb_array_elements(history) AS step
      LEFT JOIN orders.outbox ON key = orders.id::text AND outbox.name = CASE step ->> 'status'
        WHEN 'pending' THEN 'orders.order-placed' WHEN 'paid' THEN 'orders.order-paid' ELSE 'orders.order-cancelled' END
    GROUP BY 1, 2 HAVING count(outbox.id) <> 1`,
  '11 every event tells of something that happened': `
    SELECT key, name FROM orders.outbox WHERE NOT EXISTS (SELECT FROM orders.orders WHERE id::text = key)`,
  '12 every event was delivered': inEveryModule(
    (schema) => `SELECT name, id::text FROM ${schema}.outbox WHERE published_at IS NULL`,
  ),
  '12 every delivery is done': inEveryModule(
    (schema) => `SELECT subscription, event_id::text FROM ${schema}.inbox WHERE state <> 'done'`,
  ),
  '12 every registration reached users': `
    SELECT outbox.id FROM auth.outbox LEFT JOIN users.inbox ON event_id = outbox.id
    WHERE name = 'auth.user-registered' AND event_id IS NULL`,
  '13 the deliveries of a key finished in their order': inEveryModule(
    (schema) => `SELECT one.subscription, one.key FROM ${schema}.inbox one JOIN ${schema}.inbox later
      ON one.subscription = later.subscription AND one.key = later.key AND one.position < later.position
      WHERE later.finished_at < one.finished_at`,
  ),
  '14 the cancellation of a paid order was refunded once': `
    SELECT payment_id FROM payments.refunds GROUP BY payment_id HAVING count(*) > 1`,
  '17 one live refresh token a family': `SELECT id FROM auth.sessions GROUP BY id HAVING count(*) > 1`,
  '18 versions rise by one with the history': `SELECT id FROM orders.orders WHERE version <> jsonb_array_length(history)`,
};

/** The names of those that do not hold, with the first rows that break them. */
export async function broken(client: pg.Client): Promise<string[]> {
  const found: string[] = [];
  for (const [name, query] of Object.entries(invariants)) {
    const { rows } = await client.query(query);
    if (rows.length > 0) found.push(`${name}: ${rows.length} rows, such as ${JSON.stringify(rows.slice(0, 3))}`);
  }
  return found;
}
