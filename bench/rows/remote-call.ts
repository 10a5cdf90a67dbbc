import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { credentials } from '@grpc/grpc-js';
import { ServiceBroker } from 'moleculer';
import { RemoteModule } from '../../src/runtime/grpc/remote-module.ts';
import { Metrics } from '../../src/runtime/observability/metrics.ts';
import { compare, type Side } from '../compare.ts';
import { cpuTimeOf, ownCpuTime } from '../cpu-time.ts';
import { LibraryApi, libraryProto, loan, question } from '../library-contract.ts';
import { BareClient } from '../peers/bare-grpc.ts';
import { brokerOptions } from '../peers/moleculer-over-tcp.ts';
import type { Row } from '../row.ts';

const atOnce = 32;
const script = fileURLToPath(new URL('../peers/remote-library.ts', import.meta.url));

type Kind = 'fissile' | 'grpc' | 'moleculer';

async function startLibrary(kind: Kind): Promise<{ port: number; process: ChildProcess }> {
  const port = await freePort();
  const library = spawn(process.execPath, [script, kind, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await Promise.race([
    once(library.stdout, 'data'),
    once(library, 'exit').then(([code]) => Promise.reject(new Error(`The ${kind} library ended with ${code}.`))),
  ]);
  return { port, process: library };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

/** A caller that uses one of the ways, and how to take it down. */
interface Asker {
  ask(): Promise<unknown>;
  close(): Promise<unknown> | void;
}

const askers: Readonly<Record<Kind, (port: number) => Promise<Asker>>> = {
  async fissile(port) {
    const logger = { debug() {}, info() {}, warn: console.error, error: console.error };
    const target = `127.0.0.1:${port}`;
    const module = new RemoteModule({
      api: LibraryApi,
      proto: libraryProto,
      target,
      certificates: undefined,
      logger,
      metrics: new Metrics(),
    });
    const client = module.clientOf('bench');
    return { ask: () => client.getLoan(question), close: () => module.close() };
  },
  async grpc(port) {
    const client = new BareClient(`127.0.0.1:${port}`, credentials.createInsecure());
    const ask = () =>
      new Promise((resolve, reject) => {
        client.getLoan!(question, { deadline: Date.now() + 10_000 }, (error: Error | null, answer: unknown) =>
          error ? reject(error) : resolve(answer),
        );
      });
    return { ask, close: () => client.close() };
  },
  async moleculer(port) {
    const broker = new ServiceBroker(brokerOptions('reader', port));
    await broker.start();
    await broker.waitForServices('library');
    return { ask: () => broker.call('library.getLoan', question), close: () => broker.stop() };
  },
};

async function side(kind: Kind): Promise<Side & Pick<Asker, 'close'>> {
  const library = await startLibrary(kind);
  const asker = await askers[kind](library.port);
  const answer = (await asker.ask()) as typeof loan;
  if (answer.books[1]?.title !== loan.books[1]!.title) throw new Error(`${kind} answered ${JSON.stringify(answer)}.`);
  return {
    name: kind,
    async run(milliseconds) {
      const cpu = () => ownCpuTime() + cpuTimeOf(library.process.pid!);
      const before = cpu();
      const end = performance.now() + milliseconds;
      let operations = 0;
      const ask = async () => {
        for (; performance.now() < end; operations++) await asker.ask();
      };
      await Promise.all(Array.from({ length: atOnce }, ask));
      return { operations, cpu: cpu() - before };
    },
    async close() {
      await asker.close();
      library.process.kill('SIGTERM');
    },
  };
}

export const row: Row = {
  title: 'A contract call between two processes',
  async run() {
    const sides = await Promise.all([side('fissile'), side('grpc'), side('moleculer')]);
    const [fissile, grpc, moleculer] = sides;
    try {
      const toGrpc = await compare(fissile, grpc);
      const toMoleculer = await compare(fissile, moleculer);
      const ours = 'A query over gRPC: deadline, trace, retries, breaker, bulkhead, checks, counts';
      const load = `${atOnce} at once over one connection; an order with two items comes back; without TLS`;
      const told = ({ rate, ours: { cpu }, peer }: typeof toGrpc) =>
        `${(rate * 100).toFixed(0)} % of the rate; CPU of both processes ${cpu.toFixed(0)} against ${peer.cpu.toFixed(0)} µs`;
      return [
        {
          ours,
          peer: 'grpc-js and proto-loader alone, with the same .proto file and a deadline',
          load,
          measured: told(toGrpc),
          goal: '80 % of the rate',
          reached: toGrpc.rate >= 0.8,
        },
        {
          ours,
          peer: "Moleculer's call over its TCP transporter, which counts nothing",
          load,
          measured: told(toMoleculer),
        },
      ];
    } finally {
      await Promise.all(sides.map((each) => each.close()));
    }
  },
};
