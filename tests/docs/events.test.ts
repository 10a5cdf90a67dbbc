/** The commands of docs/events.md, run in their order, as a reader would type them: examples/consumer-in-go reads real orders. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'amqplib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deleteUser, virtualHost, withoutBroker } from '../support/broker.ts';
import { checkoutCopy } from '../support/checkout-copy.ts';
import { KafkaCluster } from '../support/kafka/cluster.ts';
import { needsKafkaCluster, noKafkaCluster } from '../support/kafka.ts';
import { blocksOf, Reader } from '../support/reader.ts';
import { administrator, freePort } from '../support/running-program.ts';

function withoutGo(): string | undefined {
  try {
    execFileSync('go', ['version']);
    return undefined;
  } catch {
    if (process.env['REQUIRE_SERVICES'] === '1') throw new Error('A test needs Go.');
    return 'needs Go';
  }
}

const missing = (await withoutBroker()) ?? (noKafkaCluster ? needsKafkaCluster.trim() : withoutGo());
const blocks = blocksOf('docs/events.md');
const firstOverKafka = blocks.findIndex(({ commands }) => commands.includes('kafka://'));

describe.skipIf(missing)(`events for others${missing === undefined ? '' : ` (${missing})`}`, () => {
  const closers: (() => unknown)[] = [];
  const user = `revenue-${randomUUID()}`;
  let folder: string;
  let reader: Reader;
  let brokerUrl: string;

  beforeAll(async () => {
    const checkout = checkoutCopy();
    closers.push(() => checkout.remove());
    folder = checkout.path;
    const broker = await virtualHost();
    closers.push(broker.remove);
    brokerUrl = broker.url;
    const { host, pathname } = new URL(broker.url);
    const kafka = await KafkaCluster.start({ nodes: 1 });
    closers.push(() => kafka.close());
    const port = String(await freePort());
    const environment = { PORT: port, ADMIN_PASSWORD: administrator.password, SHUTDOWN_DELAY: '0' };
    reader = new Reader(checkout.path, environment, [
      ['127.0.0.1:3000', `127.0.0.1:${port}`],
      ['amqp://guest:guest@127.0.0.1:5672', broker.url],
      ['revenue:a-long-password@127.0.0.1:5672', `${user}:a-long-password@${host}${pathname}`],
      ['add_user revenue ', `add_user ${user} `],
      ['-p / revenue ', `-p ${pathname.slice(1)} ${user} `],
      ['kafka://127.0.0.1:9092', kafka.url],
    ]);
    closers.push(
      () => deleteUser(user),
      () => reader.leave(),
    );
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  const linesOf = (file: string) =>
    readFileSync(join(folder, 'data', file), 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));

  it.each(blocks.slice(0, firstOverKafka))('step $title', async ({ commands }) => {
    const { failed, output } = await reader.type(commands);
    expect(failed, output).toBe(0);
  });

  it('are written down once, and put aside where they cannot be read, by the program that the page runs', async () => {
    const connection = await connect(brokerUrl);
    const channel = await connection.createChannel();
    const [entry] = linesOf('revenue.jsonl');
    expect(entry).toMatchObject({ order: expect.stringMatching(/^[0-9a-f-]{36}$/), currency: 'EUR' });
    expect(entry.amount).toBeGreaterThan(0);
    const again = { orderId: entry.order, total: { amount: entry.amount, currency: 'EUR' }, paidAt: '' };
    const attributes = { specversion: '1.0', type: 'orders.order-paid.v1', source: entry.source, id: entry.id };
    const publish = (body: string, changed: Record<string, string> = {}) =>
      channel.publish('fissile.orders', 'orders.order-paid', Buffer.from(body), {
        contentType: 'application/json',
        headers: Object.fromEntries(
          Object.entries({ ...attributes, ...changed }).map(([name, value]) => [`cloudEvents_${name}`, value]),
        ),
      });
    publish(JSON.stringify(again));
    publish(JSON.stringify(again), { id: 'of a later version', type: 'orders.order-paid.v2' });
    publish('<order/>', { id: 'unreadable' });
    publish(JSON.stringify(again), { id: 'the last' });
    await expect.poll(() => linesOf('revenue.jsonl').map(({ id }) => id)).toEqual([entry.id, 'the last']);
    expect(linesOf('revenue.jsonl.unreadable')).toMatchObject([{ attributes: { id: 'unreadable' }, data: '<order/>' }]);
    await connection.close();
  });

  it.each(blocks.slice(firstOverKafka))('step $title', async ({ commands }) => {
    const { failed, output } = await reader.type(commands);
    expect(failed, output).toBe(0);
  });
});
