/** Events on the wire, read by what programs of others have: a client of the broker, and the CloudEvents SDK. */
import { randomUUID } from 'node:crypto';
import { Admin, Consumer, stringDeserializers } from '@platformatic/kafka';
import { type ConsumeMessage, connect } from 'amqplib';
import { CloudEvent, type CloudEventV1, Kafka, type KafkaMessage } from 'cloudevents';
import { v7 as uuid } from 'uuid';
import { afterEach, describe, expect, it } from 'vitest';
import { orderPaid } from '../modules/orders/contract.ts';
import type { Envelope } from '../src/runtime/events/envelope.ts';
import { KafkaTransport } from '../src/runtime/events/kafka/kafka-transport.ts';
import { RabbitmqTransport } from '../src/runtime/events/rabbitmq/rabbitmq-transport.ts';
import type { Transport } from '../src/runtime/events/transport.ts';
import { Metrics } from '../src/runtime/observability/metrics.ts';
import { kafkaUrl, needsKafka, noKafka } from './support/kafka.ts';
import { silentLogger } from './support/postgres.ts';
import { needsRabbitmq, noRabbitmq } from './support/rabbitmq.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const orderId = uuid();
const event: Envelope = {
  id: uuid(),
  name: orderPaid.name,
  version: orderPaid.version,
  key: orderId,
  payload: { orderId, total: { amount: 1250, currency: 'EUR' }, paidAt: '2026-11-30T10:00:00.123Z' },
  headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', requestId: 'a-request' },
  occurredAt: '2026-11-30T10:00:00.456Z',
  position: 7,
};

const options = (url: string) => ({
  url,
  prefix: `test-${randomUUID()}`,
  modules: ['orders'],
  subscriptions: [],
  logger: silentLogger,
  metrics: new Metrics(),
});

async function publishWith(transport: Transport): Promise<void> {
  closers.push(() => transport.stop());
  await transport.start();
  await transport.publish(event);
}

/** The same on every broker. */
function expectTheEvent(read: CloudEventV1<unknown>): void {
  expect(read).toMatchObject({
    specversion: '1.0',
    id: event.id,
    source: '/fissile/orders',
    type: 'orders.order-paid.v1',
    time: event.occurredAt,
    datacontenttype: 'application/json',
    partitionkey: orderId,
    sequence: '0000000000000007',
    correlationid: 'a-request',
    traceparent: event.headers.traceparent,
  });
  expect(orderPaid.payload.parse(read.data)).toEqual(event.payload);
}

describe.skipIf(noRabbitmq)(`an event over RabbitMQ${needsRabbitmq}`, () => {
  it('is a CloudEvent by the rules of the AMQP binding', async () => {
    const given = options(process.env['TEST_EVENTS_URL']!);
    const connection = await connect(given.url);
    closers.push(() => connection.close());
    const channel = await connection.createChannel();
    const exchange = `${given.prefix}.orders`;
    closers.push(async () => {
      await channel.deleteQueue(`${given.prefix}.unreadable`);
      for (const name of ['orders', 'broadcasts', 'unreadable'])
        await channel.deleteExchange(`${given.prefix}.${name}`);
    });
    await channel.assertExchange(exchange, 'topic', { durable: true });
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, exchange, orderPaid.name);
    const arrived = new Promise<ConsumeMessage>((resolve) => {
      void channel.consume(queue, (message) => message && resolve(message), { noAck: true });
    });
    await publishWith(new RabbitmqTransport(given));
    const { properties, content } = await arrived;

    // The SDK knows no AMQP: section 3.1 of the binding, with the separator that it prefers.
    const attributes: Record<string, unknown> = { datacontenttype: properties.contentType };
    for (const [header, value] of Object.entries(properties.headers ?? {})) {
      expect(header).toMatch(/^cloudEvents_[a-z0-9]+$/);
      attributes[header.slice('cloudEvents_'.length)] = value;
    }
    const read = new CloudEvent({ ...attributes, data: JSON.parse(content.toString()) } as CloudEventV1<unknown>, true);
    expect(read.validate()).toBe(true);
    expectTheEvent(read);
  });
});

describe.skipIf(noKafka)(`an event over Kafka${needsKafka}`, () => {
  it('is a CloudEvent to the SDK, and its key is the record’s', async () => {
    const url = new URL(kafkaUrl);
    url.searchParams.set('partitions', '2');
    url.searchParams.set('replication', '1');
    const given = options(url.href);
    const client = { clientId: 'others', bootstrapBrokers: [url.host] };
    const admin = new Admin(client);
    closers.push(async () => {
      const topics = (await admin.listTopics()).filter((name) => name.startsWith(`${given.prefix}.`));
      await admin.deleteTopics({ topics });
      await admin.close();
    });
    await publishWith(new KafkaTransport(given));
    const consumer = new Consumer({ ...client, groupId: given.prefix, deserializers: stringDeserializers });
    closers.push(() => consumer.close(true));
    const stream = await consumer.consume({ topics: [`${given.prefix}.orders`], mode: 'earliest', autocommit: false });
    const [message] = await stream.take(1).toArray();

    const { key, value, timestamp } = message;
    const headers: Record<string, string> = Object.fromEntries(message.headers);
    const record: KafkaMessage<string> = { headers, key, value, body: value, timestamp: String(timestamp) };
    expect(Kafka.isEvent(record)).toBe(true);
    const read = Kafka.toEvent(record);
    if (!(read instanceof CloudEvent)) throw new Error('It is several events.');
    expect(read.validate()).toBe(true);
    expectTheEvent(read);
    expect(key).toBe(orderId);
  });
});
