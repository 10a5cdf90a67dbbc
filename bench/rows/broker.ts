/**
 * Both sides do the same with the same broker: events as CloudEvents through a topic exchange into a quorum queue with a
 * single active consumer, each confirmed by the broker, read, and acknowledged.
 */
import { randomUUID } from 'node:crypto';
import { connect } from 'amqplib';
import { messageOf } from '../../src/runtime/events/rabbitmq/message.ts';
import { RabbitmqTransport } from '../../src/runtime/events/rabbitmq/rabbitmq-transport.ts';
import { Metrics } from '../../src/runtime/observability/metrics.ts';
import { atOnce, type Carrier, carrierOver, carrying } from '../carriers.ts';
import { compare } from '../compare.ts';
import type { Row } from '../row.ts';
import { buyers, itemSold, logger, seller, subscription } from '../sales.ts';

/** As many as the transport takes. */
const prefetch = 250;

const ours = (url: string, prefix: string, receive: () => void): Promise<Carrier> =>
  carrierOver(
    new RabbitmqTransport({
      url,
      prefix,
      subscriptions: [subscription],
      modules: [seller],
      logger,
      metrics: new Metrics(),
    }),
    receive,
  );

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
    const transport = await carrying('transport', (receive) => ours(url, prefixes[0], receive));
    const amqplib = await carrying('amqplib', (receive) => bare(url, prefixes[1], receive));
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
