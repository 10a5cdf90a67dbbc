import { cpus } from 'node:os';
import { ownCpuTime } from '../cpu-time.ts';
import { HttpLoad } from '../http-load.ts';
import { OpenLoad } from '../open-load.ts';
import { type Customer, customersOf, openShop, startProgram } from '../program.ts';
import type { Row } from '../row.ts';
import { startDatabase } from '../server.ts';

const clients = 16;
const customers = 48;
/** Offered load, in multiples of the program's capacity. */
const multiples = [0.5, 1, 2, 5, 10];
/** All multiples come by turns, so that what disturbs one disturbs the others. */
const rounds = 3;
/** The beginning of a crowd is told by the tests; the curve is of what lasts. */
const settling = 1_500;
const milliseconds = 2_000;
const measured = (rounds * milliseconds) / 1_000;

/** The outcome for one multiple, of all rounds. */
interface Point {
  latencies: readonly number[];
  refused: readonly number[];
  lost: number;
  /** Microseconds of CPU that the load took. */
  cpu: number;
}
const nothing = (): Point => ({ latencies: [], refused: [], lost: 0, cpu: 0 });

export const row: Row = {
  title: 'Refusing what is too much',
  async run() {
    await using database = await startDatabase();
    await using program = await startProgram(database);
    await openShop(program);
    const all = await customersOf(program, customers);
    const orders = all.flatMap((each) => each.orders) as unknown as Customer['orders'];
    using closed = new HttpLoad(orders, clients);
    using open = new OpenLoad(orders);
    // Until V8 has compiled what is hot.
    await closed.run(3 * settling);

    const normal = nothing();
    const curve = new Map(multiples.map((multiple) => [multiple, nothing()]));
    for (let round = 0; round < rounds; round++) {
      await closed.run(settling);
      const { latencies } = await measure(normal, () => closed.run(milliseconds));
      const capacity = latencies.length / (milliseconds / 1_000);
      for (const [multiple, point] of curve) {
        await open.run(multiple * capacity, settling);
        await measure(point, () => open.run(multiple * capacity, milliseconds));
      }
    }

    const worst = curve.get(multiples.at(-1)!)!;
    const best = Math.max(...[...curve.values()].map(perSecond));
    const kept = perSecond(worst) / best;
    const slower = quantile(worst.latencies, 0.99) / quantile(normal.latencies, 0.99);
    return [
      {
        ours: 'POST /v1/orders with Prefer: wait, at a pace that does not heed refusals',
        peer: `itself, busy with as much as it can do for ${clients} who wait for each answer: ${told(normal)}`,
        load: `${customers} customers; ${multiples.join(', ')} times its capacity by turns, ${measured} s each in all; the load comes from the same ${cpus().length} cores`,
        measured: [...curve]
          .map(
            ([multiple, point]) =>
              `${multiple}x: ${told(point)}, ${point.refused.length} refused (Retry-After ${quantile(point.refused, 0.5)} s in the middle), ${point.lost} lost`,
          )
          .concat(`at 10x ${(kept * 100).toFixed(0)} % of the best rate and ${slower.toFixed(1)} times the normal p99`)
          .join('; '),
        goal: 'at 10x, 90 % of the best rate, and 3 times the normal p99',
        reached: kept >= 0.9 && slower <= 3,
      },
    ];
  },
};

type Sent = Pick<Point, 'latencies'> & Partial<Point>;

async function measure(point: Point, send: () => Promise<Sent>): Promise<Sent> {
  const before = ownCpuTime();
  const sent = await send();
  const { latencies, refused = [], lost = 0 } = sent;
  point.cpu += ownCpuTime() - before;
  point.latencies = [...point.latencies, ...latencies];
  point.refused = [...point.refused, ...refused];
  point.lost += lost;
  return sent;
}

const perSecond = ({ latencies }: Point): number => latencies.length / measured;

const told = (point: Point): string =>
  `${perSecond(point).toFixed(0)}/s paid, p50 ${quantile(point.latencies, 0.5).toFixed(0)} ms, p99 ${quantile(point.latencies, 0.99).toFixed(0)} ms (the load took ${((100 * point.cpu) / measured / 1e6).toFixed(0)} % of a core)`;

const quantile = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.floor(part * (values.length - 1))] ?? 0;
