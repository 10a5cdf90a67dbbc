import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, expect, it } from 'vitest';
import { TestPeerFiles, testAuthority } from '../../../tests/support/certificates.ts';
import { readPeerCertificates } from '../grpc/peer-certificates.ts';
import { collectedLog, remoteLibrary } from '../grpc/testing/library.ts';

const patience = { interval: 100 };

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** Who connects is accepted and hears nothing. */
async function mute(server: Server, accepted = 'connection') {
  const sockets: Socket[] = [];
  server.on(accepted, (socket: Socket) => sockets.push(socket.resume()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.push(
    () => server.close(),
    () => sockets.forEach((socket) => socket.destroy()),
  );
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

it('a replica that accepts connections and says nothing is given up and tried again', async () => {
  const authority = await testAuthority();
  const files = new TestPeerFiles(await authority.issue(['readers']));
  const certificates = readPeerCertificates(files, collectedLog().logger);
  opened.push(
    () => authority.remove(),
    () => files.remove(),
    () => certificates.close(),
  );
  const { cert, key } = await authority.issue(['library']);

  const [silent, beforeTls, afterTls] = await Promise.all([
    mute(createServer()),
    mute(createServer()),
    mute(createTlsServer({ cert, key, ALPNProtocols: ['h2'] }), 'secureConnection'),
  ]);
  const modules = [
    remoteLibrary(silent.address).module,
    remoteLibrary(beforeTls.address, { certificates }).module,
    remoteLibrary(afterTls.address, { certificates }).module,
  ];
  opened.push(() => Promise.all(modules.map((module) => module.close())));
  for (const module of modules) await expect(module.ready()).rejects.toMatchObject({ code: 'platform.unavailable' });

  for (const { sockets } of [silent, beforeTls, afterTls]) {
    await expect.poll(() => sockets[0]!.closed, patience).toBe(true);
    await expect.poll(() => sockets.length, patience).toBeGreaterThan(1);
  }
});
