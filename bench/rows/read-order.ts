import { join } from 'node:path';
import { compare, type Side } from '../compare.ts';
import { cpuTimeOf, cpuTimeOfPostgres } from '../cpu-time.ts';
import { HttpLoad } from '../http-load.ts';
import { customerOf, openShop, startProgram } from '../program.ts';
import type { Row } from '../row.ts';
import { type BenchDatabase, startDatabase, startProcess } from '../server.ts';

const connections = 16;

const side = (name: string, load: HttpLoad, program: { pid: number }, database: BenchDatabase): Side => ({
  name,
  async run(milliseconds) {
    const cpu = () => cpuTimeOf(program.pid) + cpuTimeOfPostgres(database.pid);
    const before = cpu();
    const { answers } = await load.run(milliseconds);
    return { operations: answers, cpu: cpu() - before };
  },
});

export const row: Row = {
  title: 'Reading an order',
  async run() {
    await using database = await startDatabase();
    await using program = await startProgram(database);
    await openShop(program);
    const customer = await customerOf(program);
    const { id } = await customer.placeOrder();
    await using express = await startProcess('bench/peers/bare-express.ts', {
      environment: { DATABASE_URL: database.url },
      logFile: join(database.folder, 'bare-express.log'),
      path: '/readyz',
    });
    using toProgram = new HttpLoad([customer.reading(id)], connections);
    using toExpress = new HttpLoad([{ url: `${express.url}/v1/orders/${id}`, status: 200, contains: id }], connections);

    const { rate, ours, peer } = await compare(
      side('Fissile', toProgram, program, database),
      side('Express', toExpress, express, database),
      { slices: 20, milliseconds: 700 },
    );
    return [
      {
        ours: 'GET /v1/orders/{id}: token checked, access log and metrics on',
        peer: 'the same query in a bare Express 5 handler, prepared likewise',
        load: `${connections} connections, the same order`,
        measured: `${(rate * 100).toFixed(0)} % of the rate (${ours.perSecond.toFixed(0)} against ${peer.perSecond.toFixed(0)} a second); CPU with PostgreSQL ${ours.cpu.toFixed(0)} against ${peer.cpu.toFixed(0)} µs`,
        goal: '80 % of the rate',
        reached: rate >= 0.8,
      },
    ];
  },
};
