import { MemoryTransport } from '../../src/runtime/events/memory/memory-transport.ts';
import { compare, type Side } from '../compare.ts';
import { ownCpuTime } from '../cpu-time.ts';
import { openMarket, quantiles, steadily } from '../market.ts';
import type { Row } from '../row.ts';
import { buyers } from '../sales.ts';
import { startDatabase } from '../server.ts';

const atOnce = 16;
const secondsOfHalfLoad = 12;

/** As fast as it goes, with a few at once. */
const saturated = (name: string, work: () => Promise<unknown>): Side => ({
  name,
  async run(milliseconds) {
    const cpu = ownCpuTime();
    const end = performance.now() + milliseconds;
    let operations = 0;
    const worker = async () => {
      for (; performance.now() < end; operations++) await work();
    };
    await Promise.all(Array.from({ length: atOnce }, worker));
    return { operations, cpu: ownCpuTime() - cpu };
  },
});

export const row: Row = {
  title: 'Events from one module to another',
  async run() {
    await using database = await startDatabase();
    await using market = await openMarket(database, { selling: new MemoryTransport() });
    const { rate, ours, peer } = await compare(
      saturated('events', market.sell),
      saturated('direct', market.sellWithoutEvents),
      { slices: 10, milliseconds: 700 },
    );
    const half = ours.perSecond / 2;
    const latencies = await steadily(half, secondsOfHalfLoad, market.sell);
    const reaction = quantiles(latencies.map(({ toReaction }) => toReaction));
    const commit = quantiles(latencies.map(({ toCommit }) => toCommit));
    const ms = ({ median, p99 }: typeof reaction) => `p50 ${median.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
    return [
      {
        ours: 'From the commit of an event to the start of its reaction in another module',
        peer: `saturation, which is ${ours.perSecond.toFixed(0)} events a second with ${atOnce} at once`,
        load: `half of that: ${half.toFixed(0)} events a second for ${secondsOfHalfLoad} s, ${buyers} keys`,
        measured: `${ms(reaction)}; to the commit of the reaction ${ms(commit)}`,
        goal: 'p99 below 20 ms',
        reached: reaction.p99 < 20,
      },
      {
        ours: 'A row, its event, and a row of another module in reaction to it',
        peer: 'the same two rows in two transactions, without outbox, inbox and delivery',
        load: `${atOnce} at once, as fast as it goes`,
        measured: `${(rate * 100).toFixed(0)} % of the rate (${ours.perSecond.toFixed(0)} against ${peer.perSecond.toFixed(0)} a second); CPU without PostgreSQL ${ours.cpu.toFixed(0)} against ${peer.cpu.toFixed(0)} µs`,
      },
    ];
  },
};
