import { ServiceBroker } from 'moleculer';
import { z } from 'zod';
import { localClient } from '../../src/runtime/calls/local-client.ts';
import { backgroundContext, runInContext } from '../../src/platform/context.ts';
import { api, query } from '../../src/platform/contract.ts';
import { Metrics } from '../../src/runtime/observability/metrics.ts';
import { compare, type Side } from '../compare.ts';
import { ownCpuTime } from '../cpu-time.ts';
import type { Row } from '../row.ts';

const input = { id: 'order-7', limit: 1 };
const find = async ({ id }: typeof input) => ({ id });

const LibraryApi = api('library', {
  find: query(1, {
    input: z.object({ id: z.string(), limit: z.int() }),
    output: z.object({ id: z.string() }),
    errors: [],
  }),
});

const side = (name: string, call: () => Promise<unknown>): Side => ({
  name,
  async run(milliseconds) {
    const cpu = ownCpuTime();
    let operations = 0;
    for (const end = performance.now() + milliseconds; performance.now() < end; operations += 1000) {
      for (let n = 0; n < 1000; n++) await call();
    }
    return { operations, cpu: ownCpuTime() - cpu };
  },
});

async function moleculer(metrics: boolean) {
  const broker = new ServiceBroker({ logger: false, metrics });
  broker.createService({
    name: 'library',
    actions: {
      find: {
        params: { id: 'string', limit: 'number' },
        handler: async ({ params }: { params: typeof input }) => find(params),
      },
    },
  });
  await broker.start();
  return { broker, side: side('Moleculer', () => broker.call('library.find', input)) };
}

export const row: Row = {
  title: 'A contract call within one process',
  async run() {
    const metrics = new Metrics();
    const library = localClient(LibraryApi, {
      handlerOf: () => find as never,
      meterOf: ({ module, name }) => metrics.calls('bench', { module, name }),
    });
    const ours = side('call', () => library.find(input));
    const plain = side('function', () => find(input));
    const [bare, counting] = await Promise.all([moleculer(false), moleculer(true)]);
    try {
      return await runInContext(backgroundContext('bench', 600_000), async () => {
        const load = 'one caller, one call after another';
        const toPlain = await compare(ours, plain);
        const toBare = await compare(ours, bare.side);
        const toCounting = await compare(ours, counting.side);
        const overhead = toPlain.ours.cpu - toPlain.peer.cpu;
        const times = (ratio: number) => `${ratio.toFixed(1)} times the rate`;
        return [
          {
            ours: 'A call, counted and a sample of it timed',
            peer: 'the plain async function behind it',
            load,
            measured: `${overhead.toFixed(2)} µs more CPU a call (${toPlain.ours.cpu.toFixed(2)} against ${toPlain.peer.cpu.toFixed(2)} µs)`,
            goal: 'at most 1 µs more',
            reached: overhead <= 1,
          },
          {
            ours: 'A call, counted and a sample of it timed',
            peer: "Moleculer's broker.call, which counts nothing",
            load,
            measured: `${times(toBare.rate)}; CPU ${toBare.ours.cpu.toFixed(2)} against ${toBare.peer.cpu.toFixed(2)} µs`,
            goal: '5 times the rate',
            reached: toBare.rate >= 5,
          },
          {
            ours: 'A call, counted and a sample of it timed',
            peer: "Moleculer's broker.call with its metrics on",
            load,
            measured: `${times(toCounting.rate)}; CPU ${toCounting.ours.cpu.toFixed(2)} against ${toCounting.peer.cpu.toFixed(2)} µs`,
            goal: '5 times the rate',
            reached: toCounting.rate >= 5,
          },
        ];
      });
    } finally {
      await Promise.all([bare.broker.stop(), counting.broker.stop()]);
    }
  },
};
