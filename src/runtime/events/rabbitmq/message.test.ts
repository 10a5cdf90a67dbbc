import type { ConsumeMessage } from 'amqplib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needsRabbitmq, noRabbitmq, TestBroker } from '../../../../tests/support/rabbitmq.ts';
import { numberOf, sale, sold } from '../../../../tests/support/sales.ts';
import { until } from '../testing/landscape.ts';

const subscription = { name: 'readers.a', event: sold };

describe.skipIf(noRabbitmq)(`messages over RabbitMQ${needsRabbitmq}`, () => {
  let broker: TestBroker;
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, error() {}, warn: (line: string) => void warnings.push(line) };
  beforeEach(async () => {
    broker = await TestBroker.open();
    warnings.length = 0;
  });
  afterEach(() => broker.close());

  /** The messages that reach a queue of somebody else's. */
  async function listen(): Promise<ConsumeMessage[]> {
    const messages: ConsumeMessage[] = [];
    const { queue } = await broker.channel.assertQueue('', { exclusive: true });
    await broker.channel.bindQueue(queue, `${broker.prefix}.library`, '#');
    await broker.channel.consume(queue, (message) => message && messages.push(message), { noAck: true });
    return messages;
  }

  async function start() {
    const { transport } = await broker.connect({ logger });
    const received: number[] = [];
    transport.subscribe(subscription, async (envelope) => void received.push(numberOf(envelope)));
    await transport.start();
    return { transport, received };
  }

  it('are CloudEvents in binary mode', async () => {
    const { transport } = await start();
    const messages = await listen();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const event = { ...sale('k', 1), headers: { traceparent, requestId: 'r' } };
    await transport.publish(event);
    await until(() => messages.length === 1);
    const [{ properties, content }] = messages as [ConsumeMessage];
    expect(properties).toMatchObject({ contentType: 'application/json', messageId: event.id, type: sold.name });
    expect(properties.headers).toEqual({
      cloudEvents_specversion: '1.0',
      cloudEvents_id: event.id,
      cloudEvents_source: '/fissile/library',
      cloudEvents_type: 'library.sold.v1',
      cloudEvents_time: event.occurredAt,
      cloudEvents_partitionkey: 'k',
      cloudEvents_sequence: '0000000000000001',
      cloudEvents_correlationid: 'r',
      cloudEvents_traceparent: traceparent,
    });
    expect(JSON.parse(content.toString())).toEqual(event.payload);
  });

  it('keep the form of 0.1, which its processes can read, until its exchange is deleted', async () => {
    const formerExchange = `${broker.prefix}.events`;
    await broker.channel.assertExchange(formerExchange, 'topic');
    const beside = await start();
    const messages = await listen();
    const event = sale('k', 1);
    await beside.transport.publish(event);
    await until(() => beside.received.length === 1 && messages.length === 1);
    expect(JSON.parse(messages[0]!.content.toString())).toEqual(event);
    expect(messages[0]!.properties.headers).toEqual({});
    expect(warnings).toEqual([expect.stringContaining('delete the exchange and restart')]);

    broker.channel.publish(formerExchange, sold.name, Buffer.from(JSON.stringify(sale('k', 2))));
    await until(() => beside.received.length === 2);
    await beside.transport.stop();

    await broker.channel.deleteExchange(formerExchange);
    const after = await start();
    await after.transport.publish(sale('k', 3));
    await until(() => after.received.length === 1 && messages.length === 2);
    expect(messages[1]!.properties.headers).toMatchObject({ cloudEvents_specversion: '1.0' });
    expect([...beside.received, ...after.received]).toEqual([1, 2, 3]);
    expect(warnings).toHaveLength(1);
  });

  it('that cannot be read keep their attributes when they are put aside', async () => {
    await start();
    const headers = { cloudEvents_specversion: '1.0', cloudEvents_id: '7', cloudEvents_type: 'library.sold.v1' };
    broker.channel.publish(`${broker.prefix}.library`, sold.name, Buffer.from('{}'), { headers });
    const aside: unknown[] = [];
    await until(async () => {
      const message = await broker.channel.get(`${broker.prefix}.unreadable`, { noAck: true });
      if (message) aside.push(message.properties.headers);
      return aside.length === 1;
    });
    expect(aside[0]).toMatchObject({
      ...headers,
      subscription: 'readers.a',
      reason: expect.stringContaining('id: Invalid UUID'),
    });
  });
});
