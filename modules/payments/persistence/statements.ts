/** The statements of checkout, one for each thing that happens to a payment. */
import { paymentColumns } from './rows.ts';

/**
 * The existing row on a key that was used before: only `DO UPDATE` returns it, also when its writer commits while
 * we wait. Parameters: id, order, customer, key, fingerprint, currency, amount, provider, now.
 */
export const openPayment = `
  INSERT INTO payments (id, order_id, customer_id, idempotency_key, fingerprint, state, currency, amount, provider, created_at, updated_at)
  VALUES (
    $1, $2,
    CASE WHEN EXISTS (SELECT FROM erased_customers WHERE customer_id = $3) THEN NULL ELSE $3::uuid END,
    $4, $5,
    CASE WHEN EXISTS (SELECT FROM released_orders WHERE order_id = $2) THEN 'voided' ELSE 'authorizing' END,
    $6, $7, $8, $9, $9
  )
  ON CONFLICT (idempotency_key) DO UPDATE SET updated_at = excluded.updated_at
  RETURNING ${paymentColumns}, fingerprint`;

/**
 * An authorization looks for the release of its order here once more. `Payments.release` stores the release before
 * it looks for payments, and a payment is stored before its authorization: so whatever runs at the same time, one of
 * the two finds the other. Parameters: id, states it may be in, new state, now, reference, decline code and message.
 */
export const changePayment = `
  UPDATE payments SET
    state = CASE
      WHEN $3 = 'authorized' AND EXISTS (SELECT FROM released_orders WHERE released_orders.order_id = payments.order_id) THEN 'voiding'
      ELSE $3
    END,
    updated_at = $4,
    reference = coalesce($5, reference),
    decline_code = coalesce($6, decline_code),
    decline_message = coalesce($7, decline_message)
  WHERE id = $1 AND state = ANY ($2)
  RETURNING ${paymentColumns}`;

/**
 * With its entries in the ledger. Parameters: id, states it may be in, new state, now, captured, id of the ledger
 * transaction, of its entries the accounts, sides, amounts and currencies, and the reference.
 */
export const capturePayment = `
  WITH changed AS (
    UPDATE payments SET state = $3, updated_at = $4, captured = $5, reference = coalesce($11, reference) WHERE id = $1 AND state = ANY ($2) RETURNING *
  ), booked AS (
    INSERT INTO ledger_transactions (id, payment_id, at) SELECT $6, id, $4 FROM changed
  ), entered AS (
    INSERT INTO ledger_entries (transaction_id, line, account_id, side, amount, currency)
    SELECT $6, line, account, side, entry_amount, entry_currency
    FROM changed, unnest($7::text[], $8::text[], $9::bigint[], $10::text[]) WITH ORDINALITY
      AS entries (account, side, entry_amount, entry_currency, line)
  )
  SELECT ${paymentColumns} FROM changed`;
