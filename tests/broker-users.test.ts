/** A user of RabbitMQ for each process, as `npm start -- broker` makes them: with the rights of its modules and no more. */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type ChannelModel, type ConfirmChannel } from 'amqplib';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { personErased } from '../modules/users/contract.ts';
import { subscriptionsOf } from '../src/host/event-transport.ts';
import { findModules, loadModules } from '../src/host/modules.ts';
import type { Envelope } from '../src/runtime/events/envelope.ts';
import { RabbitmqTransport } from '../src/runtime/events/rabbitmq/rabbitmq-transport.ts';
import { Metrics } from '../src/runtime/observability/metrics.ts';
import { deleteUser, importDefinitions, virtualHost, withoutBroker, type VirtualHost } from './support/broker.ts';
import { connect as database, silentLogger } from './support/postgres.ts';
import { startTestProgram, type TestProgram } from './support/program.ts';
import { launch, temporaryFolder } from './support/running-program.ts';

const missing = await withoutBroker();

const erasureOf = (userId: string): Envelope => ({
  id: uuid(),
  name: personErased.name,
  version: 1,
  key: userId,
  payload: { userId, erasedAt: new Date().toISOString() },
  headers: { traceparent: '', requestId: 'r' },
  occurredAt: new Date().toISOString(),
  position: 1,
});

describe.skipIf(missing)(`the users that "broker" makes${missing === undefined ? '' : ` (${missing})`}`, () => {
  const closers: (() => Promise<unknown>)[] = [];
  let host: VirtualHost;
  let folder: string;
  const urls: Record<string, string> = {};

  async function make(): Promise<string> {
    const program = launch({ EVENTS_URL: host.url }, ['broker', folder]);
    if ((await program.exited) !== 0) throw new Error(program.output());
    return readFileSync(join(folder, 'events.env'), 'utf8');
  }

  beforeAll(async () => {
    host = await virtualHost();
    closers.push(host.remove);
    const { path, remove } = await temporaryFolder();
    closers.push(remove);
    folder = path;
    const made = await make();
    await importDefinitions(join(path, 'definitions.json'));
    for (const line of made.trim().split('\n'))
      urls[line.slice(0, line.indexOf('_EVENTS_URL'))] = line.slice(line.indexOf('=') + 1);
    for (const url of Object.values(urls)) closers.push(() => deleteUser(decodeURIComponent(new URL(url).username)));
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  /** Tries something on a channel of its own, and tells what the broker says to it. */
  async function attempt(
    connection: ChannelModel,
    act: (channel: ConfirmChannel) => Promise<unknown> | unknown,
  ): Promise<string> {
    const channel = await connection.createConfirmChannel();
    let refusal = '';
    channel.on('error', (error: Error) => (refusal = error.message));
    try {
      await act(channel);
      await channel.waitForConfirms();
      await channel.close();
    } catch (error) {
      refusal ||= (error as Error).message;
    }
    return refusal || 'done';
  }

  async function erasedIn(program: TestProgram): Promise<string[]> {
    const client = await database(new URL(program.databaseUrl).pathname.slice(1));
    const { rows } = await client
      .query('SELECT customer_id FROM payments.erased_customers')
      .finally(() => client.end());
    return rows.map(({ customer_id: id }) => id);
  }

  it('keep their passwords when they are made again', async () => {
    const before = readFileSync(join(folder, 'events.env'), 'utf8');
    expect(await make()).toBe(before);
    expect(statSync(join(folder, 'events.env')).mode & 0o777).toBe(0o600);
  });

  it('let no process announce what another module announces, whatever it tries', async () => {
    const payments = await startTestProgram({ modules: ['payments'], environment: { EVENTS_URL: urls.PAYMENTS! } });
    closers.push(() => payments.stop());
    const forged = uuid();
    const forgery = Buffer.from(JSON.stringify(erasureOf(forged)));
    const { name } = personErased;
    const orders = await connect(urls.ORDERS!);
    orders.on('error', () => {});
    closers.push(() => orders.close());

    expect(await attempt(orders, (channel) => channel.publish('fissile.users', name, forgery))).toMatch(
      /ACCESS.REFUSED/,
    );
    expect(
      await attempt(orders, (channel) => channel.sendToQueue('fissile.payments.forget-customer', forgery)),
    ).toMatch(/ACCESS.REFUSED/);
    expect(
      await attempt(orders, (channel) => channel.bindQueue('fissile.payments.forget-customer', 'fissile.orders', '#')),
    ).toMatch(/ACCESS.REFUSED/);
    expect(await attempt(orders, (channel) => channel.bindExchange('fissile.users', 'fissile.orders', '#'))).toMatch(
      /ACCESS.REFUSED/,
    );
    const viaDeadLetters = {
      arguments: { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'fissile.payments.forget-customer' },
    };
    expect(await attempt(orders, (channel) => channel.assertQueue('fissile.orders.mine', viaDeadLetters))).toMatch(
      /ACCESS.REFUSED/,
    );
    expect(await attempt(orders, (channel) => channel.deleteQueue('fissile.payments.forget-customer'))).toMatch(
      /ACCESS.REFUSED/,
    );
    expect(await attempt(orders, (channel) => channel.get('fissile.payments.forget-customer'))).toMatch(
      /ACCESS.REFUSED/,
    );
    // Allowed, and heard by nobody who wants events of users; by those who want its own, it is put aside.
    expect(await attempt(orders, (channel) => channel.publish('fissile.orders', name, forgery))).toBe('done');
    expect(
      await attempt(orders, (channel) =>
        channel.publish('fissile.orders', 'orders.order-placed', forgery, { CC: [name] }),
      ),
    ).toBe('done');
    expect(
      await attempt(orders, (channel) => channel.publish('fissile.orders', 'orders.order-cancelled', forgery)),
    ).toBe('done');

    const truly = uuid();
    const users = new RabbitmqTransport({
      url: urls.USERS!,
      modules: ['users'],
      subscriptions: [],
      logger: silentLogger,
      metrics: new Metrics(),
    });
    closers.push(() => users.stop());
    await users.start();
    await users.publish(erasureOf(truly));
    await expect.poll(() => erasedIn(payments)).toContain(truly);
    expect(await erasedIn(payments)).toEqual([truly]);
  });

  it('let each process start, receive and announce what is its own, without a warning', async () => {
    const everyModule = await loadModules(await findModules());
    const warnings = async (url: string, definitions: typeof everyModule) => {
      const lines: string[] = [];
      const logger = { debug() {}, info() {}, error() {}, warn: (line: string) => void lines.push(line) };
      const modules = definitions.map((each) => each.name);
      const transport = new RabbitmqTransport({
        url,
        modules,
        subscriptions: everyModule.flatMap(subscriptionsOf),
        logger,
        metrics: new Metrics(),
      });
      for (const subscription of definitions.flatMap(subscriptionsOf))
        transport.subscribe(subscription, async () => {});
      await transport.start();
      for (const event of definitions.flatMap((each) => each.publishes))
        await transport.publish({ ...erasureOf(uuid()), name: event.name });
      await transport.stop();
      return lines;
    };
    for (const definition of everyModule)
      expect(await warnings(urls[definition.name.toUpperCase()]!, [definition]), definition.name).toEqual([]);
    expect(await warnings(urls.GATEWAY!, [])).toEqual([]);
    expect(await warnings(host.url, everyModule.slice(0, 1)), 'as the user of all').toEqual([
      expect.stringContaining('may publish the events of every module'),
    ]);
  });

  it('do not start where the broker lacks what they may not make, in one line', async () => {
    const subscriptions = [{ name: 'library.missing', event: personErased }];
    const transport = new RabbitmqTransport({
      url: urls.USERS!,
      modules: ['users'],
      subscriptions,
      logger: silentLogger,
      metrics: new Metrics(),
    });
    await expect(transport.start()).rejects.toThrow(
      /^EVENTS_URL: RabbitMQ at \S+ has no fissile\.library\.missing, and this user may not make it\. .*"broker"/,
    );
  });
});
