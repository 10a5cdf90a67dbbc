/** A user of Kafka for each process, as `npm start -- broker` makes them: with the rights of its modules and no more. */
import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Admin, Consumer, Producer } from '@platformatic/kafka';
import { v7 as uuid } from 'uuid';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { personErased } from '../modules/users/contract.ts';
import { subscriptionsOf } from '../src/host/event-transport.ts';
import { findModules, loadModules } from '../src/host/modules.ts';
import type { Logger } from '../src/platform/logger.ts';
import type { Envelope } from '../src/runtime/events/envelope.ts';
import { brokerAddress } from '../src/runtime/events/kafka/broker-address.ts';
import { clientOptions } from '../src/runtime/events/kafka/connection.ts';
import { reasonOf } from '../src/runtime/events/kafka/failure.ts';
import { KafkaTransport } from '../src/runtime/events/kafka/kafka-transport.ts';
import { messageOf } from '../src/runtime/events/kafka/records.ts';
import { Metrics } from '../src/runtime/observability/metrics.ts';
import { KafkaCluster } from './support/kafka/cluster.ts';
import { kafkaTools } from './support/kafka/tools.ts';
import { needsKafkaCluster, noKafkaCluster } from './support/kafka.ts';
import { connect as database, silentLogger } from './support/postgres.ts';
import { startTestProgram, type TestProgram } from './support/program.ts';
import { launch, temporaryFolder } from './support/running-program.ts';

const run = promisify(execFile);

const erasureOf = (userId: string): Envelope => ({
  id: uuid(),
  name: personErased.name,
  version: 1,
  key: userId,
  payload: { userId, erasedAt: new Date().toISOString() },
  headers: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', requestId: 'r' },
  occurredAt: new Date().toISOString(),
  position: 1,
});

describe.skipIf(noKafkaCluster)(`the users that "broker" makes at Kafka${needsKafkaCluster}`, () => {
  const closers: (() => Promise<unknown>)[] = [];
  let cluster: KafkaCluster;
  let [folder, tools, everybody] = ['', '', ''];
  const urls: Record<string, string> = {};

  async function make(): Promise<string> {
    const program = launch({ EVENTS_URL: everybody }, ['broker', folder]);
    if ((await program.exited) !== 0) throw new Error(program.output());
    return readFileSync(join(folder, 'events.env'), 'utf8');
  }

  /** As the cluster's administrator does. */
  async function apply(): Promise<void> {
    const PATH = `${tools}:${process.env.PATH}`;
    await run('sh', [join(folder, 'definitions.sh'), cluster.bootstrapBrokers[0]!], { env: { ...process.env, PATH } });
  }

  beforeAll(async () => {
    cluster = await KafkaCluster.start({ secured: true });
    closers.push(() => cluster.close());
    everybody = `${cluster.passwordUrl('admin')}?partitions=3&replication=1`;
    const [made, shims] = [await temporaryFolder(), await kafkaTools()];
    closers.push(made.remove, shims.remove);
    [folder, tools] = [made.path, shims.path];
    for (const line of (await make()).trim().split('\n'))
      urls[line.slice(0, line.indexOf('_EVENTS_URL'))] = line.slice(line.indexOf('=') + 1);
    await apply();
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  interface Clients {
    readonly admin: Admin;
    readonly producer: Producer;
    readonly consumer: Consumer;
  }

  /** Tries something as a process's user, and tells what the cluster says to it. */
  async function attempt(process: string, act: (clients: Clients) => Promise<unknown>): Promise<string> {
    const options = { ...clientOptions(brokerAddress(urls[process]!), 'attempt'), retries: 0 };
    const clients = {
      admin: new Admin(options),
      producer: new Producer({ ...options, idempotent: true }),
      consumer: new Consumer({ ...options, groupId: 'fissile.payments.forget-customer' }),
    };
    try {
      await act(clients);
      return 'done';
    } catch (error) {
      return reasonOf(error);
    } finally {
      await Promise.allSettled([clients.admin.close(), clients.producer.close(), clients.consumer.close(true)]);
    }
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
    for (const file of ['events.env', 'definitions.sh']) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  });

  it('let no process announce what another module announces, whatever it tries', async () => {
    const payments = await startTestProgram({ modules: ['payments'], environment: { EVENTS_URL: urls.PAYMENTS! } });
    onTestFinished(() => payments.stop());
    const forged = uuid();
    const forgery = (topic: string) => messageOf(erasureOf(forged), topic);
    const refused = /AUTHORIZATION_FAILED/;
    const group = 'fissile.payments.forget-customer';
    const as = (act: (clients: Clients) => Promise<unknown>) => attempt('ORDERS', act);

    expect(await as(({ producer }) => producer.send({ messages: [forgery('fissile.users')] }))).toMatch(refused);
    expect(await as(({ producer }) => producer.send({ messages: [forgery('fissile.payments')] }))).toMatch(refused);
    const partitionOffsets = [0, 1, 2].map((partition) => ({ partition, offset: 9n }));
    expect(
      await as(({ admin }) =>
        admin.alterConsumerGroupOffsets({ groupId: group, topics: [{ name: 'fissile.users', partitionOffsets }] }),
      ),
      'commit for another module',
    ).toMatch(refused);
    expect(await as(({ admin }) => admin.deleteGroups({ groups: [group] }))).toMatch(refused);
    expect(await as(({ consumer }) => consumer.joinGroup({ protocols: [{ name: 'roundrobin', version: 1 }] }))).toMatch(
      refused,
    );
    expect(await as(({ admin }) => admin.createTopics({ topics: ['fissile.mine'], partitions: 1 }))).toMatch(refused);
    expect(await as(({ admin }) => admin.deleteTopics({ topics: ['fissile.users'] }))).toMatch(refused);
    const acl = { resourceType: 2, resourceName: 'fissile.users', resourcePatternType: 3 } as const;
    const rights = { ...acl, principal: 'User:fissile-orders', host: '*', operation: 4, permissionType: 3 } as const;
    expect(await as(({ admin }) => admin.createAcls({ creations: [rights] }))).toMatch(refused);
    // Allowed, and heard by nobody who wants events of users; by those who want its own, it is put aside.
    expect(await as(({ producer }) => producer.send({ messages: [forgery('fissile.orders')] }))).toBe('done');

    const truly = uuid();
    const users = transport(urls.USERS!, ['users'], []);
    onTestFinished(() => users.stop());
    await users.start();
    await users.publish(erasureOf(truly));
    await expect.poll(() => erasedIn(payments)).toContain(truly);
    expect(await erasedIn(payments)).toEqual([truly]);
  });

  const transport = (
    url: string,
    modules: readonly string[],
    subscriptions: ReturnType<typeof subscriptionsOf>,
    logger: Logger = silentLogger,
  ) => new KafkaTransport({ url, modules, subscriptions, logger, metrics: new Metrics() });

  it('let each process start, receive and announce what is its own, without a warning', async () => {
    const everyModule = await loadModules(await findModules());
    const subscriptions = everyModule.flatMap(subscriptionsOf);
    const warnings = async (url: string, definitions: typeof everyModule) => {
      const lines: string[] = [];
      const logger = { debug() {}, info() {}, error() {}, warn: (line: string) => void lines.push(line) };
      const names = definitions.map(({ name }) => name);
      const process = transport(url, names, subscriptions, logger);
      const received = definitions.flatMap(subscriptionsOf).map((subscription) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        process.subscribe(subscription, async () => resolve());
        return { subscription, promise };
      });
      await process.start();
      for (const event of definitions.flatMap((each) => each.publishes))
        await process.publish({ ...erasureOf(uuid()), name: event.name });
      // The events of others, announced by somebody who may.
      const others = transport(everybody, [], []);
      await others.start();
      for (const { subscription } of received)
        await others.publish({ ...erasureOf(uuid()), name: subscription.event.name });
      await Promise.all(received.map(({ promise }) => promise));
      await others.stop();
      await process.stop();
      return lines;
    };
    for (const definition of everyModule)
      expect(await warnings(urls[definition.name.toUpperCase()]!, [definition]), definition.name).toEqual([]);
    expect(await warnings(urls.GATEWAY!, [])).toEqual([]);
    expect(await warnings(everybody, everyModule.slice(0, 1)), 'as the user of all').toEqual([
      expect.stringContaining('may do what only processes with other modules need'),
    ]);
  });

  it('hear each other by broadcasts, from the gateway too', async () => {
    const [gateway, auth] = [transport(urls.GATEWAY!, [], []), transport(urls.AUTH!, ['auth'], [])];
    for (const each of [gateway, auth]) onTestFinished(() => each.stop());
    const heard: string[] = [];
    gateway.onBroadcast('news', (message) => void heard.push(message));
    await gateway.start();
    await auth.start();
    auth.broadcast('news', 'hello');
    await expect.poll(() => heard).toEqual(['hello']);
  });

  it('do not start where the cluster lacks what they may not make, in one line', async () => {
    const start = (event: typeof personErased | typeof unknown) =>
      transport(urls.USERS!, ['users'], [{ name: 'library.missing', event }]).start();
    const unknown = { ...personErased, name: 'library.book-lost', module: 'library' };
    await expect(start(personErased)).rejects.toThrow(
      /^EVENTS_URL: Kafka at \S+ cannot be used: it does not know where the new group fissile\.library\.missing begins, and this user may not tell it\. Run [^\n]*"broker"[^\n]*$/,
    );
    await expect(start(unknown)).rejects.toThrow(
      /^EVENTS_URL: Kafka at \S+ cannot be used: it refuses to make the topic fissile\.library \([^\n]*\)\. [^\n]*partitions=3[^\n]*$/,
    );
  });

  it('are made again by the same script, which leaves what was read where it is', async () => {
    const admin = new Admin(clientOptions(brokerAddress(everybody), 'test'));
    onTestFinished(() => admin.close());
    const places = async () => {
      const topics = [{ name: 'fissile.users', partitionIndexes: [0, 1, 2] }];
      const groups = await admin.listConsumerGroupOffsets({
        groups: [{ groupId: 'fissile.auth.erase-account', topics }],
      });
      return groups[0]!.topics[0]!.partitions.map(({ committedOffset }) => committedOffset);
    };
    const before = await places();
    const users = transport(urls.USERS!, ['users'], []);
    await users.start();
    await users.publish(erasureOf(uuid()));
    await users.stop();
    await apply();
    expect(await places()).toEqual(before);
  });
});
