import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needsRabbitmq, noRabbitmq, TestBroker } from '../../../../tests/support/rabbitmq.ts';
import { numberOf, sale, sold } from '../../../../tests/support/sales.ts';
import type { Envelope } from '../envelope.ts';
import { currentContext } from '#platform/context.ts';
import type { Receiver } from '../transport.ts';
import type { RabbitmqTransport } from './rabbitmq-transport.ts';
import { never, until } from '../testing/landscape.ts';

const subscription = { name: 'readers.a', event: sold };

describe.skipIf(noRabbitmq)(`deliveries over RabbitMQ${needsRabbitmq}`, () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.open();
  });
  afterEach(() => broker.close());

  const consumer = async (receive: Receiver, logger = {}) => {
    const silent = { debug() {}, info() {}, warn() {}, error() {} };
    const linked = await broker.connect({ logger: { ...silent, ...logger } });
    linked.transport.subscribe(subscription, receive);
    await linked.transport.start();
    return linked;
  };
  const publish = (transport: RabbitmqTransport, key: string, ...numbers: number[]) =>
    Promise.all(numbers.map((n) => transport.publish(sale(key, n))));
  const waiting = async () => (await broker.channel.checkQueue(`${broker.prefix}.readers.a`)).messageCount;

  it('that are not taken are given again before anything later of their key, while others pass', async () => {
    const given: string[] = [];
    let tries = 0;
    const { transport, metrics } = await consumer(async (envelope) => {
      given.push(`${envelope.key}${numberOf(envelope)}`);
      if (envelope.key === 'bad' && numberOf(envelope) === 1 && ++tries < 4) throw new Error('the database is away');
    });
    await publish(transport, 'bad', 1, 2, 3);
    await publish(transport, 'good', 1, 2);
    await until(() => given.includes('bad3'));
    expect(given.filter((name) => name.startsWith('bad'))).toEqual(['bad1', 'bad1', 'bad1', 'bad1', 'bad2', 'bad3']);
    expect(given.indexOf('good2')).toBeLessThan(given.indexOf('bad2'));
    expect(await metrics.text()).toContain('fissile_broker_redelivered_messages_total{messaging_system="rabbitmq"} 0');
  });

  it('are told of in the trace of their event, whether they can be read or not', async () => {
    const traces: (string | undefined)[] = [];
    const note = () => void traces.push(currentContext()?.trace.traceId);
    let tries = 0;
    const receive = async () => {
      if (++tries === 1) throw new Error('the database is away');
    };
    const { transport } = await consumer(receive, { debug: note, error: note });
    const [first, second] = ['a'.repeat(32), 'b'.repeat(32)];
    const from = (traceId: string) => `00-${traceId}-${'c'.repeat(16)}-01`;
    await transport.publish({ ...sale('k', 1), headers: { traceparent: from(first), requestId: 'r' } });
    await until(() => tries === 2);
    const headers = { cloudEvents_specversion: '1.0', cloudEvents_type: '?', cloudEvents_traceparent: from(second) };
    broker.channel.publish(`${broker.prefix}.library`, sold.name, Buffer.from('{}'), { headers });
    await until(() => traces.length === 2);
    expect(traces).toEqual([first, second]);
  });

  it('are acknowledged when they are taken, and not before', async () => {
    const taken = Promise.withResolvers<void>();
    let given = 0;
    const delivered: (boolean | undefined)[] = [];
    const first = await consumer((_, again) => (given++, delivered.push(again), taken.promise));
    await publish(first.transport, 'k', 1);
    await until(() => given === 1);
    first.link.breakAll();
    await until(async () =>
      (await first.metrics.text()).includes('fissile_broker_redelivered_messages_total{messaging_system="rabbitmq"} 1'),
    );
    taken.resolve();
    await until(() => given === 2);
    expect(delivered).toEqual([false, true]);
    await sleep(50);
    await first.transport.stop();
    expect(await waiting()).toBe(0);
  });

  it('that hang are not acknowledged with those that pass them', async () => {
    const passed: number[] = [];
    const first = await consumer(async (envelope) => {
      if (envelope.key === 'slow') await never;
      passed.push(numberOf(envelope));
    });
    await publish(first.transport, 'slow', 1);
    await publish(first.transport, 'quick', 2, 3, 4);
    await until(() => passed.length === 3);
    await first.transport.stop();
    const left: number[] = [];
    await consumer(async (envelope) => void left.push(numberOf(envelope)));
    await until(() => left.length > 0);
    await sleep(50);
    expect(left).toEqual([1]);
  });

  it('go to one of several processes at a time, and to the next one in order when it is gone', async () => {
    const given: [who: string, n: number][] = [];
    const of = (who: string) => async (envelope: Envelope) => {
      await sleep(1);
      given.push([who, numberOf(envelope)]);
    };
    const [one, two] = [await consumer(of('one')), await consumer(of('two'))];
    const numbers = Array.from({ length: 300 }, (_, n) => n);
    const publishing = publish(two.transport, 'k', ...numbers);
    await until(() => given.length > 50);
    expect(new Set(given.map(([who]) => who))).toEqual(new Set(['one']));
    one.link.refuse();
    one.link.breakAll();
    await publishing;
    await until(() => new Set(given.map(([, n]) => n)).size === 300);
    expect(new Set(given.map(([, n]) => n))).toEqual(new Set(numbers));
    expect([...new Set(given.map(([, n]) => n))]).toEqual(numbers);
    const ofTwo = given.filter(([who]) => who === 'two').map(([, n]) => n);
    expect(ofTwo).toEqual(numbers.slice(-ofTwo.length));
  });

  it('run next to each other where their keys differ, as many as may be under way, and no more', async () => {
    const underWay = new Set<string>();
    const { transport } = await consumer(async ({ key }) => {
      underWay.add(key);
      await never;
    });
    await Promise.all(Array.from({ length: 400 }, (_, n) => transport.publish(sale(`k${n}`, n))));
    await until(() => underWay.size >= 250);
    await sleep(50);
    expect(underWay.size).toBe(250);
  });

  it('are not dropped however often their consumer is lost', async () => {
    let given = 0;
    const { transport, link } = await consumer(() => (given++, never));
    await publish(transport, 'k', 1);
    for (let life = 1; life <= 25; life++) {
      await until(async () => given > 0 && transport.connected);
      link.breakAll();
      await until(() => !transport.connected);
    }
    await transport.stop();
    const numbers: number[] = [];
    await consumer(async (envelope) => void numbers.push(numberOf(envelope)));
    await until(() => numbers.length > 0);
    expect(numbers).toEqual([1]);
  });

  it('end before a stop does, and those that had not begun go to the next process', async () => {
    const taken: number[] = [];
    const begun: number[] = [];
    const first = await consumer(async (envelope) => {
      begun.push(numberOf(envelope));
      await sleep(200);
      taken.push(numberOf(envelope));
    });
    await publish(first.transport, 'k', 1, 2, 3);
    await until(() => begun.length === 1);
    await first.transport.stop();
    expect([begun, taken]).toEqual([[1], [1]]);
    await consumer(async (envelope) => void taken.push(numberOf(envelope)));
    await until(() => taken.length === 3);
    expect(taken).toEqual([1, 2, 3]);
  });

  it('that hang do not hold up a stop for long', async () => {
    let given = 0;
    const { transport } = await consumer(() => (given++, never));
    await publish(transport, 'k', 1);
    await until(() => given === 1);
    const begun = performance.now();
    await transport.stop();
    // They hang for good; a stop gives them two seconds.
    expect(performance.now() - begun).toBeLessThan(30_000);
  });

  it('that nobody can read are put aside where a person finds them, said aloud, and hold up nothing', async () => {
    const errors: unknown[] = [];
    const numbers: number[] = [];
    await consumer(async (envelope) => void numbers.push(numberOf(envelope)), {
      error: (_: string, fields: unknown) => errors.push(fields),
    });
    const unreadable = [
      'not JSON',
      '{"id":7}',
      JSON.stringify({ ...sale('k', 1), name: 'library.closed' }),
      JSON.stringify(sale('\0', 1)),
      '',
    ];
    for (const text of unreadable) broker.channel.publish(`${broker.prefix}.library`, sold.name, Buffer.from(text));
    broker.channel.publish(`${broker.prefix}.library`, sold.name, Buffer.from(JSON.stringify(sale('k', 2))));
    await until(() => numbers.length === 1 && errors.length === unreadable.length);
    const aside: { text: string; headers: unknown }[] = [];
    await until(async () => {
      const message = await broker.channel.get(`${broker.prefix}.unreadable`, { noAck: true });
      if (message) aside.push({ text: message.content.toString(), headers: message.properties.headers });
      return aside.length === unreadable.length;
    });
    expect(aside.map(({ text }) => text)).toEqual(unreadable);
    expect(aside[0]!.headers).toMatchObject({
      subscription: 'readers.a',
      reason: expect.stringContaining('not valid JSON'),
    });
    expect(errors[2]).toMatchObject({
      subscription: 'readers.a',
      error: 'It is not library.sold, but library.closed.',
    });
    await until(async () => (await waiting()) === 0);
  });
});
