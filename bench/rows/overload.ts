import { HttpLoad } from '../http-load.ts';
import { OpenLoad, type Offered } from '../open-load.ts';
import { type Customer, customersOf, openShop, startProgram } from '../program.ts';
import type { Row } from '../row.ts';
import { startDatabase } from '../server.ts';

const connections = 16;
const customers = 48;
const milliseconds = 5_000;
/** Offered load, in multiples of the program's capacity. */
const multiples = [0.5, 1, 2, 5, 10];

export const row: Row = {
  title: 'Refusing what is too much',
  async run() {
    await using database = await startDatabase();
    await using program = await startProgram(database);
    await openShop(program);
    const all = await customersOf(program, customers);
    const orders = all.flatMap((each) => each.orders) as unknown as Customer['orders'];
    const normal = await normalOf(orders);
    using load = new OpenLoad(orders);
    const curve: { multiple: number; useful: number; p50: number; p99: number; offered: Offered }[] = [];
    for (const multiple of multiples) {
      // The beginning of a crowd is told by the tests; the curve is of what lasts.
      await load.run(multiple * normal.perSecond, milliseconds / 2);
      const offered = await load.run(multiple * normal.perSecond, milliseconds);
      const useful = offered.latencies.length / (milliseconds / 1_000);
      curve.push({
        multiple,
        useful,
        p50: quantile(offered.latencies, 0.5),
        p99: quantile(offered.latencies, 0.99),
        offered,
      });
    }
    const worst = curve.at(-1)!;
    const best = Math.max(...curve.map(({ useful }) => useful));
    const kept = worst.useful / best;
    const slower = worst.p99 / normal.p99;
    return [
      {
        ours: 'POST /v1/orders with Prefer: wait, at a pace that does not heed refusals',
        peer: `itself, busy with as much as it can do for ${connections} who wait for each answer: ${normal.perSecond.toFixed(0)} a second, p99 ${normal.p99.toFixed(0)} ms`,
        load: `${customers} customers; ${multiples.join(', ')} times its capacity, ${milliseconds / 1_000} s each; the load comes from the same two cores`,
        measured: curve
          .map(
            ({ multiple, useful, p50, p99, offered: { refused, lost } }) =>
              `${multiple}x: ${useful.toFixed(0)}/s paid, p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, ${refused.length} refused (Retry-After ${quantile(refused, 0.5)} s in the middle), ${lost} lost`,
          )
          .join('; '),
        goal: 'at 10x, 90 % of the best rate, and 3 times the normal p99',
        reached: kept >= 0.9 && slower <= 3,
      },
    ];
  },
};

async function normalOf(orders: Customer['orders']): Promise<{ perSecond: number; p99: number }> {
  using closed = new HttpLoad(orders, connections);
  await closed.run(2_000);
  const { answers, latencies } = await closed.run(milliseconds);
  return { perSecond: answers / (milliseconds / 1_000), p99: quantile(latencies, 0.99) };
}

const quantile = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(part * (values.length - 1))] ?? 0;
