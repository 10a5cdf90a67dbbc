import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf } from '../cpu-time.ts';
import { HttpLoad, type HttpRequest } from '../http-load.ts';
import { customerOf, openShop, startProgram } from '../program.ts';
import type { Row } from '../row.ts';
import { type BenchDatabase, startDatabase, startProcess } from '../server.ts';

const connections = 16;
const settlingTime = 3_000;
const loadTime = 8_000;
const samplingInterval = 250;

interface Memory {
  readonly node: number;
  readonly postgres: number;
}

/** Megabytes. */
const fieldIn = (file: string, name: string) =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync(file, 'utf8'))?.[1] ?? 0) / 1024;

/** Counts the memory that PostgreSQL's processes share once: each has its part of it (PSS). */
const memoryOf = (node: number, postgres: number): Memory => ({
  node: fieldIn(`/proc/${node}/status`, 'VmRSS'),
  postgres: [postgres, ...childrenOf(postgres)].reduce(
    (sum, pid) => sum + fieldIn(`/proc/${pid}/smaps_rollup`, 'Pss'),
    0,
  ),
});

/** The most that is seen at one time under load. */
async function mostWhile(
  requests: readonly [HttpRequest, ...HttpRequest[]],
  node: number,
  postgres: number,
): Promise<Memory> {
  using load = new HttpLoad(requests, connections);
  const running = load.run(loadTime);
  let most = memoryOf(node, postgres);
  for (const end = performance.now() + loadTime; performance.now() < end; await sleep(samplingInterval)) {
    const now = memoryOf(node, postgres);
    most = { node: Math.max(most.node, now.node), postgres: Math.max(most.postgres, now.postgres) };
  }
  await running;
  return most;
}

/** Data to read; made by another run of the program, since a first start does more than others. */
async function prepare(database: BenchDatabase): Promise<string> {
  await using program = await startProgram(database);
  await openShop(program);
  return (await (await customerOf(program)).placeOrder()).id;
}

async function measureProgram(database: BenchDatabase, orderId: string) {
  await using program = await startProgram(database);
  await sleep(settlingTime);
  const idle = memoryOf(program.pid, database.pid);
  const { orders, reading } = await customerOf(program);
  const most = await mostWhile([reading(orderId), orders[0]], program.pid, database.pid);
  return { idle, most };
}

async function measureExpress(database: BenchDatabase, orderId: string) {
  await using express = await startProcess('bench/peers/bare-express.ts', {
    environment: { DATABASE_URL: database.url },
    logFile: join(database.folder, 'bare-express.log'),
    path: '/readyz',
  });
  await sleep(settlingTime);
  const idle = memoryOf(express.pid, database.pid);
  const reading = { url: `${express.url}/v1/orders/${orderId}`, status: 200, contains: orderId };
  const most = await mostWhile([reading], express.pid, database.pid);
  return { idle, most };
}

export const row: Row = {
  title: 'Memory',
  async run() {
    if (process.platform !== 'linux') return 'only Linux tells how much of its memory a process shares';
    await using database = await startDatabase();
    const orderId = await prepare(database);
    const ours = await measureProgram(database, orderId);
    const peer = await measureExpress(database, orderId);
    const show = ({ node, postgres }: Memory) => `Node ${node.toFixed(0)} MB and PostgreSQL ${postgres.toFixed(0)} MB`;
    const names = { ours: 'The program and its database', peer: 'a bare Express and pg program and the same database' };
    return [
      {
        ...names,
        load: `none, ${settlingTime / 1000} s after the start`,
        measured: `${show(ours.idle)} against ${show(peer.idle)}`,
      },
      {
        ...names,
        load: `${connections} connections for ${loadTime / 1000} s, the most seen; ours reads orders and places as many, the peer only reads`,
        measured: `${show(ours.most)} against ${show(peer.most)}`,
      },
    ];
  },
};
