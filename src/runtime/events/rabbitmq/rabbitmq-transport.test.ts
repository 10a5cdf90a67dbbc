import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needsRabbitmq, noRabbitmq, TestBroker } from '../../../../tests/support/rabbitmq.ts';
import { numberOf, sale, sold } from '../../../../tests/support/sales.ts';
import { silentLogger } from '../../../../tests/support/postgres.ts';
import { tcpLink } from '../../../../tests/support/tcp-link.ts';
import { Metrics } from '../../observability/metrics.ts';
import { RabbitmqTransport } from './rabbitmq-transport.ts';
import { until } from '../testing/landscape.ts';
import { transportConformance } from '../testing/transport-conformance.ts';

describe.skipIf(noRabbitmq)(`the conformance of RabbitMQ${needsRabbitmq}`, () => {
  transportConformance('RabbitMQ', async () => {
    const broker = await TestBroker.open();
    return {
      async connect(subscriptions = []) {
        const { transport, link } = await broker.connect({ subscriptions });
        const away = () => {
          link.refuse();
          link.breakAll();
        };
        return { transport, die: away, away, back: () => link.accept() };
      },
      stop: () => broker.close(),
    };
  });
});

describe('without a broker that lets it in, a start', () => {
  const refusal = async (url: string) => {
    const transport = new RabbitmqTransport({
      url,
      subscriptions: [],
      modules: [],
      logger: silentLogger,
      metrics: new Metrics(),
    });
    return transport.start().then(
      () => 'it started',
      (error: Error) => error.message,
    );
  };

  it('fails with a line that names the variable and the address, and not the password', async () => {
    expect(await refusal('amqp://fissile:secret@127.0.0.1:1')).toBe(
      'EVENTS_URL: no connection to RabbitMQ at 127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1',
    );
  });

  it('fails when the listener there hangs up', async () => {
    const link = await tcpLink({ host: '127.0.0.1', port: 1 });
    link.refuse();
    expect(await refusal(`amqp://fissile:secret@127.0.0.1:${link.port}`)).toMatch(
      /^EVENTS_URL: no connection to RabbitMQ at 127.0.0.1:\d+: \S+/,
    );
    await link.close();
  });

  it.skipIf(noRabbitmq)(`says whether it is the user or the virtual host${needsRabbitmq}`, async () => {
    const url = new URL(process.env['TEST_EVENTS_URL']!);
    const elsewhere = `amqp://${url.username}:${url.password}@${url.host}/no-such-place`;
    expect(await refusal(`amqp://nobody:secret@${url.host}`)).toMatch(
      /^EVENTS_URL: .*ACCESS_REFUSED - Login was refused[^\n]*$/,
    );
    expect(await refusal(elsewhere)).toMatch(/: it does not let this user into the virtual host of the URL\.$/);
  });
});

describe.skipIf(noRabbitmq)(`the connection to RabbitMQ${needsRabbitmq}`, () => {
  let broker: TestBroker;
  beforeEach(async () => {
    broker = await TestBroker.open();
  });
  afterEach(() => broker.close());

  it('is lost and found with one line each, however long it takes', async () => {
    const lines: string[] = [];
    const note = (line: string) => void lines.push(line);
    const logger = { debug() {}, info: note, warn: note, error: note };
    const { transport, link, metrics } = await broker.connect({ logger });
    await transport.start();
    expect(await metrics.text()).toContain('fissile_broker_connected{messaging_system="rabbitmq"} 1');
    link.refuse();
    link.breakAll();
    await until(() => !transport.connected);
    await sleep(700);
    expect(await metrics.text()).toContain('fissile_broker_connected{messaging_system="rabbitmq"} 0');
    link.accept();
    await until(() => transport.connected);
    expect(lines).toEqual([
      expect.stringMatching(/^Lost RabbitMQ at 127.0.0.1:\d+; events wait.$/),
      expect.stringMatching(/^RabbitMQ at 127.0.0.1:\d+ is back; events go on.$/),
    ]);
  });

  it('is made again when a broker accepts it but never answers, as one that is starting', async () => {
    const { transport, link, metrics } = await broker.connect();
    await transport.start();
    link.delay = 1_000_000;
    link.breakAll();
    await until(() => !transport.connected);
    await sleep(300);
    link.delay = 0;
    link.breakAll();
    await until(() => transport.connected);
    expect(await metrics.text()).toContain('fissile_broker_connected{messaging_system="rabbitmq"} 1');
  });

  it('is not made again after a stop', async () => {
    const { transport, link } = await broker.connect();
    await transport.start();
    link.refuse();
    link.breakAll();
    await until(() => !transport.connected);
    await transport.stop();
    const exchanges = link.exchanges;
    link.accept();
    await sleep(300);
    expect([transport.connected, link.exchanges]).toEqual([false, exchanges]);
  });

  it('is done with an event when each of its queues has it, also where one of several was deleted meanwhile', async () => {
    const [here, elsewhere] = [
      { name: 'readers.a', event: sold },
      { name: 'library.later', event: sold },
    ];
    const { transport } = await broker.connect({ subscriptions: [here, elsewhere] });
    const received: number[] = [];
    transport.subscribe(here, async (envelope) => void received.push(numberOf(envelope)));
    await transport.start();
    await broker.channel.deleteQueue(`${broker.prefix}.library.later`);
    await transport.publish(sale('k', 1));
    const late = await broker.connect();
    const found: number[] = [];
    late.transport.subscribe(elsewhere, async (envelope) => void found.push(numberOf(envelope)));
    await late.transport.start();
    await until(() => found.length > 0 && received.length > 0, 20_000);
    expect(found).toEqual([1]);
  });

  it('warns of a user that may publish for modules of other processes', async () => {
    const lines: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (line: string) => void lines.push(line) };
    const subscriptions = [{ name: 'readers.a', event: sold }];
    for (const modules of [['readers', 'library'], ['library']])
      await (await broker.connect({ logger, subscriptions, modules })).transport.start();
    expect(lines).toEqual([expect.stringContaining('may publish the events of every module')]);
  });

  it('brings back queues and bindings that somebody deleted, and what was published meanwhile', async () => {
    const subscription = { name: 'readers.a', event: sold };
    const { transport } = await broker.connect();
    const received: number[] = [];
    transport.subscribe(subscription, async (envelope) => void received.push(numberOf(envelope)));
    await transport.start();
    await broker.channel.deleteQueue(`${broker.prefix}.readers.a`);
    await transport.publish(sale('k', 1));
    await until(() => received.length === 1);
    await broker.channel.deleteExchange(`${broker.prefix}.library`);
    await transport.publish(sale('k', 2));
    await until(() => received.length === 2);
    expect(received).toEqual([1, 2]);
  });
});
