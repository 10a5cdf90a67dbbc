import { Admin } from '@platformatic/kafka';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { cut } from './connection.ts';

it('is closed at once though the broker hangs and takes no more of what is sent', async () => {
  const accepted: Socket[] = [];
  const hanging = createServer((socket) => void accepted.push(socket.pause()));
  await new Promise<void>((resolve) => hanging.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of accepted) socket.destroy();
    hanging.close();
  });
  const { port } = hanging.address() as AddressInfo;
  const client = new Admin({ clientId: 'test', bootstrapBrokers: [{ host: '127.0.0.1', port }] });
  const { socket } = await client.connections.get({ host: '127.0.0.1', port });
  socket.write(Buffer.alloc(32 * 1024 * 1024));
  await cut(client);
  expect(socket.destroyed).toBe(true);
});
