import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { kafkaUrl, needsKafka, needsKafkaCluster, noKafka, noKafkaCluster } from '../kafka.ts';
import { KafkaCluster, type ClusterOptions } from './cluster.ts';

describe.skipIf(noKafkaCluster)(`a cluster of Kafka for tests${needsKafkaCluster}`, () => {
  let cluster: KafkaCluster;
  afterEach(() => cluster.close());

  const start = async (options: ClusterOptions) => (cluster = await KafkaCluster.start(options));

  it('loses a node that is killed, and has it back', async () => {
    const { url, nodes } = await start({ nodes: 3 });
    await nodes[0]!.kill();
    expect(await listening(url)).toEqual([false, true, true]);
    await nodes[0]!.restart();
    expect(await listening(url)).toEqual([true, true, true]);
  });

  it('lets nobody in by a link that refuses', async () => {
    const { url, links } = await start({ links: 1 });
    links[0]!.refuse();
    expect(await Promise.all([answers(links[0]!.url), answers(url)])).toEqual([false, true]);
    links[0]!.accept();
    expect(await answers(links[0]!.url)).toBe(true);
  });

  it('shows a certificate of its authority where it is secured', async () => {
    const secured = await start({ secured: true });
    const [{ hostname: host, port }, ca] = [new URL(secured.secureUrl('fissile')), secured.ca!];
    const socket = connectTls({ host, port: Number(port), ca });
    await once(socket, 'secureConnect');
    expect(socket.authorized).toBe(true);
    socket.destroy();
  });
});

it.skipIf(noKafka)(`the broker that test files share answers${needsKafka}`, async () => {
  expect(await answers(kafkaUrl)).toBe(true);
});

const addressesOf = (url: string) =>
  url
    .slice('kafka://'.length)
    .split(',')
    .map((address) => new URL(`tcp://${address}`))
    .map(({ hostname: host, port }) => ({ host, port: Number(port) }));

/** Tells of each node whether it listens. */
const listening = (url: string) =>
  Promise.all(
    addressesOf(url).map(async (address) => {
      const socket = connectTcp(address);
      const connected = await once(socket, 'connect').then(
        () => true,
        () => false,
      );
      socket.destroy();
      return connected;
    }),
  );

/** Tells whether the node answers which versions of Kafka's protocol it speaks (ApiVersions 0). */
async function answers(url: string): Promise<boolean> {
  const socket: Socket = connectTcp(addressesOf(url)[0]!);
  socket.write(Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]));
  const heard = await Promise.race([
    once(socket, 'data').then(() => true),
    once(socket, 'close').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return heard;
}
