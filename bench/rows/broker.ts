/**
 * Both sides do the same with the same broker: events as CloudEvents through a topic exchange into a quorum queue with a
 * single active consumer, each confirmed by the broker, read, and acknowledged.
 */
import { randomUUID } from 'node:crypto';
import { connect } from 'amqplib';
import { z } from 'zod';
import { event } from '../../src/platform/contract.ts';
import type { Envelope } from '../../src/runtime/events/envelope.ts';
import { messageOf } from '../../src/runtime/events/rabbitmq/message.ts';
import { RabbitmqTransport } from '../../src/runtime/events/rabbitmq/rabbitmq-transport.ts';
import { Metrics } from '../../src/runtime/observability/metrics.ts';
import { compare, type Side } from '../compare.ts';
import { ownCpuTime } from '../cpu-time.ts';
import type { Row } from '../row.ts';

const itemSold = event('bench_sales.item-sold', 1, {
  key: 'buyer',
  payload: z.object({ id: z.int(), buyer: z.string() }),
});
const subscription = { name: 'bench_parcels.send', event: itemSold };
const atOnce = 2_000;
const buyers = 1_000;
/** As many as the transport takes. */
const prefetch = 250;

let sold = 0;
const newSale = (): Envelope => {
  const id = ++sold;
  const buyer = `buyer ${id % buyers}`;
  return {
    id: randomUUID(),
    name: itemSold.name,
    version: 1,
    key: buyer,
    payload: { id, buyer },
    headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', requestId: 'bench' },
    occurredAt: new Date().toISOString(),
    position: id,
  };
};

/** A way to carry sales to their receiver, which can be taken down. */
interface Carrier {
  publish(sale: Envelope): Promise<void>;
  close(): Promise<void>;
}

async function ours(url: string, prefix: string, receive: () => void): Promise<Carrier> {
  const logger = { debug() {}, info() {}, warn: console.warn, error: console.error };
  const transport = new RabbitmqTransport({
    url,
    prefix,
    subscriptions: [subscription],
    modules: [subscription.event.module],
    logger,
    metrics: new Metrics(),
  });
  transport.subscribe(subscription, async () => receive());
  await transport.start();
  return { publish: (sale) => transport.publish(sale), close: () => transport.stop() };
}

async function bare(url: string, prefix: string, receive: () => void): Promise<Carrier> {
  const [publishing, consuming] = [await connect(url), await connect(url)];
  const [out, into] = [await publishing.createConfirmChannel(), await consuming.createChannel()];
  const [exchange, queue] = [`${prefix}.events`, `${prefix}.${subscription.name}`];
  await out.assertExchange(exchange, 'topic');
  await out.assertQueue(queue, { arguments: { 'x-queue-type': 'quorum', 'x-single-active-consumer': true } });
  await out.bindQueue(queue, exchange, itemSold.name);
  await into.prefetch(prefetch);
  await into.consume(queue, (message) => {
    JSON.parse(message!.content.toString());
    receive();
    into.ack(message!);
  });
  return {
    publish: (sale) =>
      new Promise((resolve, reject) => {
        const answered = (refused: unknown) => (refused ? reject(refused as Error) : resolve());
        const { headers, body } = messageOf(sale);
        out.publish(exchange, itemSold.name, body, { persistent: true, headers }, answered);
      }),
    close: async () => void (await Promise.all([publishing.close(), consuming.close()])),
  };
}

/** `atOnce` sales on their way, each until it is both confirmed and received. */
async function side(
  name: string,
  open: (receive: () => void) => Promise<Carrier>,
): Promise<Side & Pick<Carrier, 'close'>> {
  let received = 0;
  let arrived: () => void = () => {};
  const carrier = await open(() => {
    received++;
    arrived();
  });
  return {
    name,
    close: () => carrier.close(),
    async run(milliseconds) {
      const cpu = ownCpuTime();
      const [start, before] = [performance.now(), received];
      const end = start + milliseconds;
      let operations = 0;
      const worker = async () => {
        for (; performance.now() < end; operations++) await carrier.publish(newSale());
      };
      await Promise.all(Array.from({ length: atOnce }, worker));
      await new Promise<void>((resolve) => {
        arrived = () => received - before >= operations && resolve();
        arrived();
      });
      return { operations, cpu: ownCpuTime() - cpu };
    },
  };
}

async function cleanUp(url: string, prefix: string): Promise<void> {
  const connection = await connect(url);
  const channel = await connection.createChannel();
  for (const queue of [subscription.name, 'unreadable']) await channel.deleteQueue(`${prefix}.${queue}`);
  for (const exchange of ['events', 'broadcasts', 'unreadable', subscription.event.module])
    await channel.deleteExchange(`${prefix}.${exchange}`);
  await connection.close();
}

export const row: Row = {
  title: 'Events over RabbitMQ',
  async run() {
    const url = process.env['EVENTS_URL'];
    if (!url)
      return 'EVENTS_URL is not set; start a broker with: docker run --rm -p 5672:5672 rabbitmq:4, and set EVENTS_URL=amqp://127.0.0.1';
    const prefixes = [`bench-${randomUUID()}`, `bench-${randomUUID()}`] as const;
    const transport = await side('transport', (receive) => ours(url, prefixes[0], receive));
    const amqplib = await side('amqplib', (receive) => bare(url, prefixes[1], receive));
    try {
      const { rate, ours, peer } = await compare(transport, amqplib, { slices: 12, milliseconds: 1_000 });
      return [
        {
          ours: 'An event through the RabbitMQ transport: published, confirmed, checked, given in the order of its key, acknowledged',
          peer: 'amqplib with confirms: the same message through the same kind of queue, parsed and acknowledged as it comes',
          load: `one process on both ends of one queue, ${atOnce} events on their way at once, ${buyers} keys`,
          measured: `${(rate * 100).toFixed(0)} % of the rate (${ours.perSecond.toFixed(0)} against ${peer.perSecond.toFixed(0)} events a second); CPU without the broker ${ours.cpu.toFixed(0)} against ${peer.cpu.toFixed(0)} µs`,
          goal: '80 % of the rate',
          reached: rate >= 0.8,
        },
      ];
    } finally {
      await Promise.all([transport.close(), amqplib.close()]);
      for (const prefix of prefixes) await cleanUp(url, prefix);
    }
  },
};
