import { createServer } from 'node:http';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { compare, median, type Side } from '../compare.ts';
import { cpuTimeOf, cpuTimeOfPostgres } from '../cpu-time.ts';
import { HttpLoad, type HttpRequest } from '../http-load.ts';
import { customerOf, openShop, startProgram } from '../program.ts';
import type { Result, Row } from '../row.ts';
import { type BenchDatabase, type BenchProcess, startDatabase } from '../server.ts';

const connections = 16;
const starts = 5;

/** Takes spans, and forgets them. */
async function sink(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => void request.resume().on('end', () => response.end()));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const side = (name: string, load: HttpLoad, { pid }: BenchProcess, database: BenchDatabase): Side => ({
  name,
  async run(milliseconds) {
    const cpu = () => cpuTimeOf(pid) + cpuTimeOfPostgres(database.pid);
    const before = cpu();
    const { answers } = await load.run(milliseconds);
    return { operations: answers, cpu: cpu() - before };
  },
});

/** Megabytes. */
const memoryOf = ({ pid }: BenchProcess) =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;

/** Until it is ready, in milliseconds, and what it then holds, in megabytes; medians of several. */
async function startOf(database: BenchDatabase, settings: Record<string, string>) {
  const [times, memories]: [number[], number[]] = [[], []];
  for (let count = 0; count < starts; count++) {
    const begun = performance.now();
    await using program = await startProgram(database, settings);
    times.push(performance.now() - begun);
    memories.push(memoryOf(program));
  }
  return { time: median(times), memory: median(memories) };
}

export const row: Row = {
  title: 'Tracing',
  async run() {
    await using database = await startDatabase();
    await using collector = await sink();
    const traced = (share: string) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: share,
      // A bounded queue that overflows would cost less than what is measured.
      OTEL_BSP_MAX_QUEUE_SIZE: '100000',
      OTEL_BSP_SCHEDULE_DELAY: '500',
    });
    await using off = await startProgram(database);
    await openShop(off);
    await using tenth = await startProgram(database, traced('0.1'));
    await using all = await startProgram(database, traced('1'));
    const { id } = await (await customerOf(off)).placeOrder();

    const results: Result[] = [];
    const measure = async (
      what: string,
      requestsOf: (program: BenchProcess) => Promise<readonly [HttpRequest, ...HttpRequest[]]>,
    ) => {
      using untraced = new HttpLoad(await requestsOf(off), connections);
      for (const [program, share, most] of [
        [tenth, '10 % of the traces kept', 3],
        [all, 'all traces kept', 15],
      ] as const) {
        using load = new HttpLoad(await requestsOf(program), connections);
        const { economy, ours, peer } = await compare(
          side(share, load, program, database),
          side('off', untraced, off, database),
          { slices: 20, milliseconds: 700 },
        );
        const more = (1 / economy - 1) * 100;
        results.push({
          ours: `${what}, ${share}`,
          peer: 'the same without a collector',
          load: `${connections} connections; CPU with PostgreSQL`,
          measured: `${more.toFixed(1)} % more CPU (${ours.cpu.toFixed(0)} against ${peer.cpu.toFixed(0)} µs)`,
          goal: `at most ${most} % more`,
          reached: more <= most,
        });
      }
    };
    await measure('GET /v1/orders/{id}', async (program) => [(await customerOf(program)).reading(id)]);
    await measure('POST /v1/orders until paid', async (program) => (await customerOf(program)).orders);

    const [with_, without] = [await startOf(database, traced('1')), await startOf(database, {})];
    results.push({
      ours: 'a start with a collector',
      peer: 'one without',
      load: `${starts} of each`,
      measured: `${with_.time.toFixed(0)} against ${without.time.toFixed(0)} ms, and then ${with_.memory.toFixed(0)} against ${without.memory.toFixed(0)} MB`,
    });
    return results;
  },
};
