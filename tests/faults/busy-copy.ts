/** A copy of the program in the middle of a sale, as far as the database can see: it has locked the product SKU, and says so. */
import { PostgresDatabase } from '../../src/runtime/database/postgres-database.ts';

const { DATABASE_URL, SKU } = process.env;
const logger = { debug() {}, info() {}, warn() {}, error() {} };
const database = new PostgresDatabase({ schema: 'orders', connection: { connectionString: DATABASE_URL! }, logger });
// One that stays idle, as most of a pool are.
const idle = database.query('SELECT pg_sleep(0.1)');
await database.transaction(async () => {
  await database.query('SELECT FROM products WHERE sku = $1 FOR UPDATE', [SKU]);
  await idle;
  console.log('locked');
  await new Promise(() => {});
});
