/**
 * Both sides do the same with the same cluster: events through a topic of twelve partitions, each on enough replicas
 * before it counts (an idempotent producer with acks=all), read by a consumer group, and committed.
 */
import { randomUUID } from 'node:crypto';
import { Admin, Consumer, Producer, ProduceAcks } from '@platformatic/kafka';
import { brokerAddress } from '../../src/runtime/events/kafka/broker-address.ts';
import { type Message, messageOf } from '../../src/runtime/events/kafka/records.ts';
import { atOnce, type Carrier, carrierOver, carrying } from '../carriers.ts';
import { compare } from '../compare.ts';
import { openMarket, quantiles, steadily } from '../market.ts';
import type { Result, Row } from '../row.ts';
import { buyers, seller, sender } from '../sales.ts';
import { startDatabase } from '../server.ts';
import { transportTo } from '../transports.ts';

/** The most that is sent at once, as the transport has it. */
const batch = 500;
const secondsOfHalfLoad = 12;

async function bare(url: string, prefix: string, receive: () => void): Promise<Carrier> {
  const { brokers, partitions, replication } = brokerAddress(url);
  const client = { clientId: prefix, bootstrapBrokers: [...brokers] };
  const admin = new Admin(client);
  const topic = `${prefix}.bare`;
  await admin.createTopics({ topics: [topic], partitions, replicas: replication });
  await admin.close();
  const producer = new Producer({ ...client, idempotent: true });
  const consumer = new Consumer({ ...client, groupId: topic });
  const stream = await consumer.consume({ topics: [topic], mode: 'earliest', autocommit: 100 });
  stream.on('data', ({ value }) => {
    JSON.parse(value.toString());
    receive();
  });
  const waiting: { readonly message: Message; readonly sent: () => void }[] = [];
  let sending = false;
  const send = async () => {
    sending = true;
    for (let next = waiting.splice(0, batch); next.length > 0; next = waiting.splice(0, batch)) {
      await producer.send({ messages: next.map(({ message }) => message), acks: ProduceAcks.ALL });
      for (const { sent } of next) sent();
    }
    sending = false;
  };
  return {
    publish: (sale) =>
      new Promise((resolve) => {
        waiting.push({ message: messageOf(sale, topic), sent: resolve });
        if (!sending) setImmediate(() => sending || void send());
      }),
    close: async () => {
      await stream.close();
      await Promise.all([producer.close(), consumer.close(true)]);
    },
  };
}

/** Rate through Kafka against the bare client's. */
async function throughput(url: string, prefix: string): Promise<Result> {
  const transport = await carrying('transport', (receive) =>
    carrierOver(transportTo(url, prefix, [seller, sender]), receive),
  );
  const client = await carrying('client', (receive) => bare(url, prefix, receive));
  try {
    const { rate, ours, peer } = await compare(transport, client, { slices: 12, milliseconds: 1_000 });
    return {
      ours: 'An event through the Kafka transport: published, on enough replicas, checked, given in the order of its key, committed',
      peer: '@platformatic/kafka with acks=all: the same message in batches of the same size, parsed and committed as it comes',
      load: `one process on both ends of one topic, ${atOnce} events on their way at once, ${buyers} keys`,
      measured: `${(rate * 100).toFixed(0)} % of the rate (${ours.perSecond.toFixed(0)} against ${peer.perSecond.toFixed(0)} events a second); CPU without the cluster ${ours.cpu.toFixed(0)} against ${peer.cpu.toFixed(0)} µs`,
      goal: '85 % of the rate',
      reached: rate >= 0.85,
    };
  } finally {
    await Promise.all([transport.close(), client.close()]);
  }
}

/** From the commit of an event to the start of its reaction, at so many events a second. */
async function reactionAt(perSecond: number, url: string, prefix: string) {
  await using database = await startDatabase();
  const [selling, sending] = [transportTo(url, prefix, [seller]), transportTo(url, prefix, [sender])];
  await using market = await openMarket(database, { selling, sending });
  await steadily(perSecond, 2, market.sell);
  const times = await steadily(perSecond, secondsOfHalfLoad, market.sell);
  return quantiles(times.map(({ toReaction }) => toReaction));
}

/** Sales a second that one process with both modules takes at most, over its broker. */
async function saturation(url: string, prefix: string): Promise<number> {
  await using database = await startDatabase();
  const [selling, sending] = [transportTo(url, prefix, [seller]), transportTo(url, prefix, [sender])];
  await using market = await openMarket(database, { selling, sending });
  const end = performance.now() + 6_000;
  let sold = 0;
  const worker = async () => {
    for (; performance.now() < end; sold++) await market.sell();
  };
  await Promise.all(Array.from({ length: 64 }, worker));
  return sold / 6;
}

export const row: Row = {
  title: 'Events over Kafka',
  async run() {
    const { KAFKA_URL: kafka, EVENTS_URL: rabbitmq } = process.env;
    if (!kafka)
      return 'KAFKA_URL is not set; start a cluster with: npm run kafka, and set KAFKA_URL=kafka://127.0.0.1:9092?replication=1';
    const prefix = () => `bench-${randomUUID()}`;
    const result = await throughput(kafka, prefix());
    if (!rabbitmq) return [result];
    const most = await saturation(kafka, prefix());
    const half = most / 2;
    const ours = await reactionAt(half, kafka, prefix());
    const peer = await reactionAt(half, rabbitmq, prefix());
    const ms = ({ median, p99 }: typeof ours) => `median ${median.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
    return [
      result,
      {
        ours: 'From the commit of an event to the start of its reaction in another module, over Kafka',
        peer: 'the same over RabbitMQ',
        load: `half of what one process does over Kafka: ${half.toFixed(0)} events a second for ${secondsOfHalfLoad} s, ${buyers} keys`,
        measured: `${ms(ours)}, against ${ms(peer)}`,
      },
    ];
  },
};
