/**
 * The statements of the hot path. Each does in one round trip what a transaction of several statements would do, and
 * answers with what it found, so that the domain can judge it: what the domain refuses is rolled back.
 *
 * Products are locked in the order of their SKUs, and an order before its products, so that no two statements can
 * wait for each other. New values are computed from the rows as they were locked, never from the row that an UPDATE
 * finds: PostgreSQL first tries it on the version of the row that the statement saw when it began, and only then on the
 * newest one, so a check of the table would refuse for want of stock that has been returned since.
 */

const order = `id, customer_id as "customerId", status, currency, total, items, history, cancellation, version, placed_at as "placedAt"`;

/** $1 id, $2 customer or null. */
export const findOrder = `
  select ${order} from orders
  where id = $1 and ($2::uuid is null or customer_id = $2)`;

/**
 * $1 id, $2 customer, $3 SKUs, $4 quantities, $5 now (ISO 8601), $6 and $7 how many pending orders and declines are too
 * many. Reserves and inserts if there is enough of everything and the customer may order; answers the products as they were
 * before, and what is known of the customer. Of orders placed at this very moment nothing is known yet.
 */
export const placeOrder = `
  with wanted as (
    select * from unnest($3::text[], $4::bigint[]) with ordinality as line (sku, quantity, position)
  ),
  customer as (
    select (select count(*)::int from orders where customer_id = $2 and status = 'pending') as pending, declines, until
    from (select) as always left join declined_checkouts on customer_id = $2
  ),
  found as (
    select product.*, wanted.quantity, wanted.position
    from products as product join wanted using (sku)
    order by product.sku
    for no key update of product
  ),
  reserved as (
    update products as product
    set available = found.available - found.quantity,
        reserved = found.reserved + found.quantity,
        version = found.version + 1
    from found
    where product.sku = found.sku
      and (select count(*) = cardinality($3::text[]) and bool_and(available >= quantity) from found)
      and (select pending < $6 and (until is null or until <= $5::text::timestamptz or declines < $7) from customer)
    returning found.*
  ),
  placed as (
    insert into orders (id, customer_id, status, currency, total, items, history, version, placed_at)
    select $1, $2, 'pending', min(currency), sum(price * quantity),
      jsonb_agg(
        jsonb_build_object(
          'sku', sku, 'name', name, 'quantity', quantity,
          'unitPrice', jsonb_build_object('amount', price, 'currency', currency)
        ) order by position
      ),
      jsonb_build_array(jsonb_build_object('status', 'pending', 'at', $5::text)), 1, $5::text::timestamptz
    from reserved
    having count(*) > 0
  )
  select sku, name, price, currency, available, version,
    exists (select from erased_customers where customer_id = $2) as "customerErased",
    pending, coalesce(declines, 0) as declines, until as "declinesUntil"
  from found cross join customer`;

/** $1 customer, $2 now, $3 when it is forgotten if it is the first (both ISO 8601). */
export const countDecline = `
  insert into declined_checkouts as known (customer_id, declines, until)
  select $1, 1, $3::text::timestamptz where not exists (select from erased_customers where customer_id = $1)
  on conflict (customer_id) do update set
    declines = case when known.until <= $2::text::timestamptz then 1 else known.declines + 1 end,
    until = case when known.until <= $2::text::timestamptz then excluded.until else known.until end`;

/**
 * $1 id, $2 customer or null, $3 the statuses it can come from, $4 now (ISO 8601), $5 the new status, $6 why it is
 * cancelled or null. Answers the order as it was before.
 */
const settle = `
  with before as (
    select * from orders
    where id = $1 and ($2::uuid is null or customer_id = $2)
    for no key update
  ),
  settled as (
    update orders as placed
    set status = $5,
        cancellation = $6::jsonb,
        history = before.history || jsonb_build_object('status', $5::text, 'at', $4::text),
        version = before.version + 1
    from before
    where placed.id = before.id and before.status = any ($3::text[])
    returning placed.items
  )`;

export const payOrder = `${settle}
  select ${order} from before`;

export const cancelOrder = `${settle},
  found as (
    select product.*, item.quantity
    from settled
      cross join jsonb_to_recordset(settled.items) as item (sku text, quantity bigint)
      join products as product using (sku)
    order by product.sku
    for no key update of product
  ),
  returned as (
    update products as product
    set available = found.available + found.quantity,
        reserved = found.reserved - found.quantity,
        version = found.version + 1
    from found
    where product.sku = found.sku
  )
  select ${order} from before`;
