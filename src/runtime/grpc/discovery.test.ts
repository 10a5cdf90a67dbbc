import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { grpcTarget } from './target.ts';

// grpc-js asks the name server that a target names only where this is set before it is loaded.
vi.hoisted(() => {
  process.env.GRPC_NODE_USE_ALTERNATIVE_RESOLVER = 'true';
});
const { remoteLibrary, serveLibrary } = await import('./testing/library.ts');

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** Answers every question for an IPv4 address with `addresses`, and all others with nothing. */
class NameServer {
  addresses: string[] = [];
  readonly #socket: Socket = createSocket('udp4');

  async listen(): Promise<string> {
    this.#socket.on('message', (question, { port, address }) =>
      this.#socket.send(this.#answer(question), port, address),
    );
    this.#socket.bind(0, '127.0.0.1');
    await once(this.#socket, 'listening');
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  close(): void {
    this.#socket.close();
  }

  /** https://www.rfc-editor.org/rfc/rfc1035#section-4 */
  #answer(message: Buffer): Buffer {
    const endOfName = message.indexOf(0, 12) + 1;
    const question = message.subarray(12, endOfName + 4);
    const isForIPv4 = question.readUInt16BE(question.length - 4) === 1;
    const found = isForIPv4 ? this.addresses : [];
    const header = Buffer.alloc(12);
    message.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(found.length, 6);
    const records = found.map((address) =>
      Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
    );
    return Buffer.concat([header, question, ...records]);
  }
}

describe('replicas behind a name', () => {
  it('are found when they appear in DNS, and left when they are gone, without a restart', async () => {
    const names = new NameServer();
    const nameServer = await names.listen();
    opened.push(() => names.close());
    const maxConnectionAge = 500;
    const first = await serveLibrary({ find: async () => ({ title: 'first', shelf: null }) }, { maxConnectionAge });
    const second = await serveLibrary(
      { find: async () => ({ title: 'second', shelf: null }) },
      { maxConnectionAge, host: '127.0.0.2', port: first.server.port },
    );
    opened.push(
      () => first.server.close(0),
      () => second.server.close(0),
    );

    names.addresses = ['127.0.0.1'];
    const { module, library } = remoteLibrary(`dns://${nameServer}/library.example:${first.server.port}`);
    opened.push(() => module.close());
    const answering = async () => {
      const titles = await Promise.all(Array.from({ length: 10 }, () => library.find({ book: 'Emma' })));
      return [...new Set(titles.map(({ title }) => title))].sort();
    };
    expect(await answering()).toEqual(['first']);
    names.addresses = ['127.0.0.1', '127.0.0.2'];
    await expect.poll(answering).toEqual(['first', 'second']);
    names.addresses = ['127.0.0.2'];
    await expect.poll(answering).toEqual(['second']);
  });
});

describe('where a module is', () => {
  it.each([
    ['dns:///library:50051', 'dns:///library:50051'],
    ['dns://10.0.0.2:53/library.svc:50051', 'dns://10.0.0.2:53/library.svc:50051'],
    ['library:50051', 'dns:///library:50051'],
    ['127.0.0.1:5001', 'ipv4:127.0.0.1:5001'],
    ['127.0.0.1:5001, 127.0.0.2:5002', 'ipv4:127.0.0.1:5001,127.0.0.2:5002'],
    ['[::1]:5001,[::2]:5002', 'ipv6:[::1]:5001,[::2]:5002'],
  ])('may be %s', (text, target) => expect(grpcTarget(text)).toBe(target));

  it.each([
    '',
    'library',
    'library:0',
    'library:65536',
    'http://library:50051',
    'library:50051,cellar:50051',
    '127.0.0.1:5001,[::1]:5002',
    '::1:5001',
    'a b:1',
  ])('may not be "%s"', (text) => expect(grpcTarget(text)).toBeUndefined());
});
