/**
 * The statements behind orders: they lock, move stock and store what the domain decided.
 *
 * Whatever touches products locks them first, in the order of their SKUs, and an order before its products, so that no two
 * transactions wait for each other.
 */

const columns = `id, customer_id as "customerId", status, currency, total, items, history, cancellation, version, placed_at as "placedAt"`;

/** $1 id, $2 customer or null. */
export const findOrder = `
  select ${columns} from orders
  where id = $1 and ($2::uuid is null or customer_id = $2)`;

/** $1 id, $2 customer or null. */
export const lockOrder = `${findOrder}
  for no key update`;

/** Taken before a customer is read and not only when their order is inserted: `forgetCustomer` waits for it, and it for that. */
export const lockCustomers = 'lock table orders in row exclusive mode';

/** $1 customer. */
export const findCustomer = `
  select
    exists (select from erased_customers where customer_id = $1) as "isErased",
    (select count(*)::int from orders where customer_id = $1 and status = 'pending') as pending,
    declines, until
  from (select) as always left join declined_checkouts on customer_id = $1`;

/** $1 SKUs. */
export const lockProducts = `
  select sku, name, price, currency, available, version from products
  where sku = any ($1::text[])
  order by sku
  for no key update`;

/** $1 SKUs, $2 how many of each to reserve; less than none are given back. Within `lockProducts`. */
export const reserveStock = `
  update products
  set available = available - quantity, reserved = reserved + quantity, version = version + 1
  from unnest($1::text[], $2::bigint[]) as line (line_sku, quantity)
  where sku = line_sku`;

/** $1 id, $2 customer, $3 status, $4 currency, $5 total, $6 items, $7 history, $8 version, $9 placed at. */
export const insertOrder = `
  insert into orders (id, customer_id, status, currency, total, items, history, version, placed_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`;

/** $1 id, $2 status, $3 cancellation or null, $4 history, $5 version. Within `lockOrder`. */
export const updateOrder = `
  update orders set status = $2, cancellation = $3, history = $4, version = $5
  where id = $1`;

/** $1 customer, $2 count, $3 until. */
export const saveDeclines = `
  insert into declined_checkouts (customer_id, declines, until) values ($1, $2, $3)
  on conflict (customer_id) do update set declines = excluded.declines, until = excluded.until`;
