import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '../../../tests/support/running-program.ts';
import { checkBroker, checkPorts } from './preflight.ts';
import type { Topology } from './topology.ts';

const servers: Server[] = [];
afterEach(() => servers.splice(0).forEach((server) => server.close()));

async function takenPort(): Promise<number> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const withPort = (port: number, grpcPort: number, replicas = 1): Topology => ({
  eventsUrl: undefined,
  databaseNameOf: (module) => module,
  processes: [{ name: 'shop', modules: ['shop'], replicas, port, grpcPort }],
});

describe('before anything is started', () => {
  it.each([
    ['a port', (taken: number, free: number) => withPort(taken, free), 'port'],
    ['a port for calls', (taken: number, free: number) => withPort(free, taken), 'grpcPort'],
    ['the port of a replica', (taken: number, free: number) => withPort(taken - 1, free, 2), 'port'],
  ])('%s that is taken is found', async (_, topology, setting) => {
    const taken = await takenPort();
    const free = await freePort();
    await expect(checkPorts(topology(taken, free))).rejects.toThrow(
      `Port ${taken}, the ${setting} of shop, is taken. Stop what uses it, or choose another in the topology's file.`,
    );
  });

  it('free ports are left free', async () => {
    const topology = withPort(await freePort(), await freePort());
    await checkPorts(topology);
    await expect(checkPorts(topology)).resolves.toBeUndefined();
  });

  it('a broker that is not there is missed', async () => {
    await expect(checkBroker(`amqp://127.0.0.1:${await takenPort()}`)).resolves.toBeUndefined();
    const port = await freePort();
    await expect(checkBroker(`amqp://user:secret@127.0.0.1:${port}/vhost`)).rejects.toThrow(
      new RegExp(`^EVENTS_URL: no broker answers at 127\\.0\\.0\\.1:${port}, .* Start RabbitMQ there .*$`),
    );
  });

  it('of several brokers, one is enough', async () => {
    const [there, missing] = [await takenPort(), await freePort()];
    await expect(checkBroker(`kafka://127.0.0.1:${missing},127.0.0.1:${there}`)).resolves.toBeUndefined();
    await expect(checkBroker(`kafkas://user:secret@127.0.0.1:${missing},localhost:${missing}`)).rejects.toThrow(
      new RegExp(
        `^EVENTS_URL: no broker answers at 127\\.0\\.0\\.1:${missing},localhost:${missing}, .* Start Kafka there .*$`,
      ),
    );
  });
});
