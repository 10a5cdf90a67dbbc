import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LinkedTransport, needsRabbitmq, noRabbitmq, TestBroker } from '../../../../tests/support/rabbitmq.ts';
import { numberOf, sale, sold } from '../../../../tests/support/sales.ts';
import { until } from '../testing/landscape.ts';

const count = 1_000;
const all = Array.from({ length: count }, (_, n) => n);
const keys = 20;
const keyOf = (n: number) => `k${n % keys}`;
const byKey = (numbers: readonly number[]) => Object.groupBy(numbers, keyOf);

describe.skipIf(noRabbitmq)(`publishing over RabbitMQ${needsRabbitmq}`, () => {
  let broker: TestBroker;
  let publisher: LinkedTransport;
  const received: number[] = [];
  const firstOfEach = () => [...new Set(received)];

  beforeEach(async () => {
    broker = await TestBroker.open();
    received.length = 0;
    const consumer = await broker.connect();
    consumer.transport.subscribe(
      { name: 'readers.a', event: sold },
      async (envelope) => void received.push(numberOf(envelope)),
    );
    await consumer.transport.start();
    publisher = await broker.connect({ subscriptions: [{ name: 'readers.a', event: sold }] });
    await publisher.transport.start();
  });
  afterEach(() => broker.close());

  it('sends events of different keys without waiting for any, and counts them', async () => {
    const publishing = all.map((n) => publisher.transport.publish(sale(`k${n}`, n)));
    const before = await publisher.metrics.text();
    expect(before).toContain(`fissile_broker_unconfirmed_messages{messaging_system="rabbitmq"} ${count}`);
    expect(before).toContain(`messaging_client_sent_messages_total{messaging_system="rabbitmq"} ${count}`);
    await Promise.all(publishing);
    await until(() => received.length >= count);
    expect(received.toSorted((a, b) => a - b)).toEqual(all);
    const after = await publisher.metrics.text();
    expect(after).toContain('fissile_broker_unconfirmed_messages{messaging_system="rabbitmq"} 0');
    expect(after).toContain(`fissile_broker_confirmed_messages_total{messaging_system="rabbitmq"} ${count}`);
  });

  it('sends an event when those of its key before it are confirmed, so that no failure changes their order', async () => {
    const publishing = all.map((n) => publisher.transport.publish(sale(keyOf(n), n)));
    expect(await publisher.metrics.text()).toContain(
      `messaging_client_sent_messages_total{messaging_system="rabbitmq"} ${keys}`,
    );
    await Promise.all(publishing);
    await until(() => received.length >= count);
    await until(() => received.length >= count);
    expect(byKey(received)).toEqual(byKey(all));
  });

  it('sends what was not confirmed again, in order, whenever the connection breaks', async () => {
    const publishing: Promise<void>[] = [];
    for (const n of all) {
      publishing.push(publisher.transport.publish(sale(keyOf(n), n)));
      if (n % 10 === 0) await sleep(1);
      if (n % 250 === 100) publisher.link.breakAll();
    }
    await Promise.all(publishing);
    await until(() => firstOfEach().length === count);
    expect(byKey(firstOfEach())).toEqual(byKey(all));
    expect(await publisher.metrics.text()).toContain(
      `fissile_broker_confirmed_messages_total{messaging_system="rabbitmq"} ${count}`,
    );
  });

  it('confirms nothing while the broker is away, and all of it when it is back', async () => {
    publisher.link.refuse();
    publisher.link.breakAll();
    let confirmed = 0;
    const publishing = all.map((n) => publisher.transport.publish(sale(keyOf(n), n)).then(() => confirmed++));
    await sleep(300);
    expect(confirmed).toBe(0);
    publisher.link.accept();
    await Promise.all(publishing);
    await until(() => firstOfEach().length === count);
    expect(byKey(firstOfEach())).toEqual(byKey(all));
  });

  it('leaves to its outbox what is not confirmed at a stop', async () => {
    publisher.link.refuse();
    publisher.link.breakAll();
    const publishing = publisher.transport.publish(sale('k', 1));
    const [outcome] = await Promise.allSettled([publishing, publisher.transport.stop()]);
    expect(outcome.status).toBe('rejected');
    await expect(publisher.transport.publish(sale('k', 2))).rejects.toThrow('stopped');
  });

  it('reaches a subscriber whose process never ran yet', async () => {
    const early = await broker.connect({ subscriptions: [{ name: 'readers.later', event: sold }] });
    await early.transport.start();
    await early.transport.publish(sale('k', 7));
    await early.transport.stop();
    const late = await broker.connect();
    const found: number[] = [];
    late.transport.subscribe(
      { name: 'readers.later', event: sold },
      async (envelope) => void found.push(numberOf(envelope)),
    );
    await late.transport.start();
    await until(() => found.length > 0);
    expect(found).toEqual([7]);
  });

  it('is done with an event that nobody subscribes to', async () => {
    await publisher.transport.publish({ ...sale('k', 1), name: 'library.closed' });
    expect(publisher.transport.connected).toBe(true);
  });
});
