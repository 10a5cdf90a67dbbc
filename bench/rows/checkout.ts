import { compare, type Side } from '../compare.ts';
import { cpuTimeOf, cpuTimeOfPostgres } from '../cpu-time.ts';
import { HttpLoad } from '../http-load.ts';
import { findPgbench, pgbenchSide, type PgbenchScript, scriptOf, type Varying } from '../pgbench.ts';
import { customerOf, openShop, startProgram } from '../program.ts';
import type { Row } from '../row.ts';
import { type BenchDatabase, connect, startDatabase } from '../server.ts';
import { traceOrder } from '../traced-orders.ts';

const connections = 16;
const copy = 'fissile_copy';
const eventsPerOrder = 2;

/** Any two products, as in the program's orders. */
const products: Varying = {
  pattern: /\{BENCH-\d+,BENCH-\d+\}/g,
  expression: () =>
    "(select '{BENCH-' || n || ',BENCH-' || (n + 33) % 64 || '}' from cast(floor(random() * 64) as int) n)",
};

/** Runs the program for a while to see what it sends for an order. */
async function traceProgram(database: BenchDatabase): Promise<{ script: PgbenchScript; summary: string }> {
  await using program = await startProgram(database);
  await openShop(program);
  const customer = await customerOf(program);
  using load = new HttpLoad(customer.orders, connections);
  await load.run(1_000);
  const { transactions, customerId } = await traceOrder(database, customer.placeOrder);
  // pgbench has one session for both modules, and each has an outbox.
  const qualified = transactions.map((transaction) =>
    transaction.map(({ module, text, ...rest }) => ({
      module,
      text: text.replaceAll(/\b(from|into) outbox\b/g, `$1 ${module}.outbox`),
      ...rest,
    })),
  );
  return {
    script: scriptOf(qualified, [customerId], [products]),
    summary: `${transactions.flat().length} statements in ${transactions.length} transactions`,
  };
}

export const row: Row = {
  title: 'Placing and paying orders',
  async run() {
    const pgbench = findPgbench();
    if (pgbench === undefined) return 'pgbench is not installed (on Debian it comes with postgresql)';
    await using database = await startDatabase();
    const { script, summary } = await traceProgram(database);
    await database.admin.query(`CREATE DATABASE ${copy} TEMPLATE fissile`);

    await using program = await startProgram(database);
    using load = new HttpLoad((await customerOf(program)).orders, connections);
    const fissile: Side = {
      name: 'Fissile',
      async run(milliseconds) {
        const cpu = () => cpuTimeOf(program.pid) + cpuTimeOfPostgres(database.pid);
        const before = cpu();
        const { answers } = await load.run(milliseconds);
        return { operations: answers, cpu: cpu() - before };
      },
    };
    await using counter = await connect(database, copy);
    await using reference = await pgbenchSide(pgbench, database, {
      database: copy,
      searchPath: 'orders,payments',
      clients: connections,
      script,
      async count() {
        const { rows } = await counter.client.query('SELECT last_value FROM orders.outbox_position_seq');
        return Math.floor(rows[0].last_value / eventsPerOrder);
      },
    });
    const { rate, ours, peer } = await compare(fissile, reference, { slices: 12, milliseconds: 2_000 });
    return [
      {
        ours: 'POST /v1/orders with Prefer: wait, answered when the order is paid',
        peer: `pgbench, sending the same ${summary}, prepared`,
        load: `${connections} connections, two of 64 products an order; fsync on`,
        measured: `${(rate * 100).toFixed(0)} % of the rate (${ours.perSecond.toFixed(0)} against ${peer.perSecond.toFixed(0)} a second); CPU with PostgreSQL ${inMs(ours.cpu)} against ${inMs(peer.cpu)} ms`,
        goal: '50 % of the rate',
        reached: rate >= 0.5,
      },
    ];
  },
};

const inMs = (microseconds: number) => (microseconds / 1000).toFixed(2);
