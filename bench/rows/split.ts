/**
 * Measures the cost of running the modules apart: the same orders, one after the other, in one program and in seven processes.
 * The experiment of "Towards Modern Development of Cloud Applications" (HotOS 2023), which found up to 15 times the
 * latency and 9 times the cost.
 */
import { join } from 'node:path';
import { startTopology, processesOf, residentMemory, writeTopology } from '../../tests/support/topologies.ts';
import { compare, median, type Side } from '../compare.ts';
import { cpuTimeOf, cpuTimeOfPostgres } from '../cpu-time.ts';
import { HttpLoad } from '../http-load.ts';
import { customerOf, openShop, programSettings, startProgram } from '../program.ts';
import type { Row } from '../row.ts';
import { startDatabase } from '../server.ts';

/** As in topologies/split.yaml. */
const apart = [
  { name: 'auth', modules: ['auth'] },
  { name: 'users', modules: ['users'] },
  { name: 'orders', modules: ['orders'], replicas: 2 },
  { name: 'payments', modules: ['payments'], replicas: 2 },
];

interface Measured {
  readonly latencies: number[];
  memory: number;
}

function side(name: string, load: HttpLoad, processes: () => readonly number[], postgres: number): Side & Measured {
  const measured: Measured = { latencies: [], memory: 0 };
  const cpu = () => processes().reduce((total, pid) => total + cpuTimeOf(pid), cpuTimeOfPostgres(postgres));
  return Object.assign(measured, {
    name,
    async run(milliseconds: number) {
      const before = cpu();
      const { answers, latencies } = await load.run(milliseconds);
      measured.latencies.push(median(latencies));
      measured.memory = processes().reduce((total, pid) => total + residentMemory(pid), 0);
      return { operations: answers, cpu: cpu() - before };
    },
  });
}

export const row: Row = {
  title: 'One program and all of its modules apart',
  async run() {
    const { EVENTS_URL } = process.env;
    if (EVENTS_URL === undefined)
      return 'set EVENTS_URL to a RabbitMQ, such as amqp://127.0.0.1:5672 (Debian: rabbitmq-server -detached)';
    await using one = await startDatabase();
    await using program = await startProgram(one);
    await openShop(program);

    await using other = await startDatabase();
    const file = join(other.folder, 'split.yaml');
    await writeTopology(file, apart);
    const supervisor = await startTopology(file, {
      ...programSettings,
      NODE_ENV: 'production',
      LOG_LEVEL: 'info',
      EVENTS_URL,
      DATABASE_URL: other.url,
      DATA_DIR: other.folder,
    });
    try {
      await openShop(supervisor);
      const pid = supervisor.process.pid!;
      using orders = new HttpLoad((await customerOf(program)).orders, 1);
      using ordersApart = new HttpLoad((await customerOf(supervisor)).orders, 1);
      const together = side('one program', orders, () => [program.pid], one.pid);
      const split = side('apart', ordersApart, () => [pid, ...processesOf(pid).map((each) => each.pid)], other.pid);
      const { ours, peer } = await compare(together, split, { slices: 10, milliseconds: 1_500 });
      const [fast, slow] = [median(together.latencies), median(split.latencies)];
      const times = (more: number, less: number) => `${(more / less).toFixed(1)} times`;
      return [
        {
          ours: 'POST /v1/orders with Prefer: wait, until the order is paid, in one program',
          peer: `the gateway and the four modules apart, orders and payments twice, over mTLS and RabbitMQ (${processesOf(pid).length} processes)`,
          load: 'one order after the other; two servers of PostgreSQL, fsync on',
          measured:
            `apart it takes ${times(slow, fast)} as long (median ${slow.toFixed(0)} against ${fast.toFixed(0)} ms), ` +
            `${times(peer.cpu, ours.cpu)} the CPU with PostgreSQL and without the broker (${inMs(peer.cpu)} against ${inMs(ours.cpu)} ms), ` +
            `${times(split.memory, together.memory)} the memory of Node (${inMb(split.memory)} against ${inMb(together.memory)} MB)`,
        },
      ];
    } finally {
      await supervisor.stop();
    }
  },
};

const inMs = (microseconds: number) => (microseconds / 1000).toFixed(1);
const inMb = (bytes: number) => (bytes / 1_000_000).toFixed(0);
