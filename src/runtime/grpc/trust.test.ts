import { setTimeout as delay } from 'node:timers/promises';
import {
  type ChannelCredentials,
  Client,
  credentials,
  Metadata,
  status as Code,
  type ServiceError,
} from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Pem, TestPeerFiles, testAuthority, type TestAuthority } from '../../../tests/support/certificates.ts';
import { somebody } from '../../../tests/support/gateway.ts';
import type { CallContext } from '#platform/context.ts';
import { UnusableCertificateFile } from '../security/certificate-files.ts';
import { readPeerCertificates } from './peer-certificates.ts';
import { serviceCodec } from './service-codec.ts';
import { collectedLog, LibraryApi, libraryProto, remoteLibrary, serveLibrary } from './testing/library.ts';

const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

let authority: TestAuthority;
let stranger: TestAuthority;
beforeAll(async () => {
  [authority, stranger] = await Promise.all([testAuthority(), testAuthority()]);
});
afterAll(() => {
  authority.remove();
  stranger.remove();
});

const { logger } = collectedLog();
const loan = { book: 'Emma', days: 7 };
/** Milliseconds that a certificate lasts which has to expire: enough to read it before. */
const brief = 5_000;
const findEmma = { book: 'Emma' };

function certificatesOf(pem: Pem) {
  const files = new TestPeerFiles(pem);
  opened.push(() => files.remove());
  const certificates = readPeerCertificates(files, logger);
  opened.push(() => certificates.close());
  return { files, certificates };
}

const callersOf = () => ['readers'];

async function server(
  pem: Pem,
  options: Parameters<typeof serveLibrary>[1] = {},
  handlers: Parameters<typeof serveLibrary>[0] = {},
) {
  const { files, certificates } = certificatesOf(pem);
  const served = await serveLibrary(handlers, { certificates, callersOf, ...options });
  opened.push(() => served.server.close(0));
  return { files, certificates, ...served };
}

function client(address: string, pem: Pem) {
  const { files, certificates } = certificatesOf(pem);
  const remote = remoteLibrary(address, { certificates });
  opened.push(() => remote.module.close());
  return { files, certificates, ...remote };
}

/** Nobody is told why, but the log. */
const refusedFor = (reason: RegExp) => ({
  code: 'platform.unavailable',
  kind: 'unavailable',
  cause: expect.objectContaining({ message: expect.stringMatching(reason) }),
});

describe('S39 trust between processes', () => {
  it('lets a module be called that shows its name, by one that shows a name declared for it', async () => {
    const { address } = await server(await authority.issue(['library', 'cellar']));
    const { library } = client(address, await authority.issue(['readers']));
    await expect(library.lend(loan)).resolves.toEqual({ due: 'tomorrow' });
  });

  it('refuses a client of another authority', async () => {
    const own = await authority.issue(['library']);
    const { address } = await server(own);
    await expect(client(address, await authority.issue(['readers'])).library.lend(loan)).resolves.toBeDefined();
    const { library } = client(address, { ...(await stranger.issue(['readers'])), ca: own.ca });
    await expect(library.lend(loan)).rejects.toMatchObject(refusedFor(/Failed to connect/));
  });

  it('refuses a server of another authority', async () => {
    const own = await authority.issue(['readers']);
    const { address } = await server({ ...(await stranger.issue(['library'])), ca: own.ca });
    const { library } = client(address, own);
    await expect(library.lend(loan)).rejects.toMatchObject(refusedFor(/unable to verify the first certificate/));
  });

  it('refuses a client whose certificate has expired, and a server likewise', async () => {
    const { address } = await server(await authority.issue(['library']));
    const late = client(address, await authority.issue(['readers'], brief));
    const lateServer = await server(await authority.issue(['library'], brief));
    const caller = client(lateServer.address, await authority.issue(['readers']));
    await expect(client(address, await authority.issue(['readers'])).library.lend(loan)).resolves.toBeDefined();
    await delay(brief + 500);
    await expect(late.library.lend(loan)).rejects.toMatchObject(refusedFor(/Failed to connect/));
    await expect(caller.library.lend(loan)).rejects.toMatchObject(refusedFor(/certificate has expired/));
  });

  it('refuses a server that is another module', async () => {
    for (const name of ['cellar', 'library.evil.example', '*']) {
      const { address } = await server(await authority.issue([name]));
      const { library } = client(address, await authority.issue(['readers']));
      await expect(library.lend(loan)).rejects.toMatchObject(refusedFor(/does not name library/));
    }
  });

  it('refuses a client that is no module that declared the call', async () => {
    const { address } = await server(await authority.issue(['library']));
    for (const name of ['cellar', 'readers.evil.example', '*']) {
      const { library } = client(address, await authority.issue([name]));
      await expect(library.lend(loan)).rejects.toMatchObject({ code: 'platform.forbidden', kind: 'forbidden' });
    }
  });

  it('lets every process of the authority call what is open to all of them, and nothing else', async () => {
    const { address } = await server(await authority.issue(['library']), {
      callersOf: (operation) => (operation === LibraryApi.find ? 'everyone' : ['readers']),
    });
    const { library } = client(address, await authority.issue(['cellar']));
    await expect(library.find(findEmma)).resolves.toMatchObject({ title: 'Emma' });
    await expect(library.lend(loan)).rejects.toMatchObject({ kind: 'forbidden' });
  });

  it('lets a module call the operations it declares, and no other of the same module', async () => {
    const callersOf = ({ name }: { name: string }) => (name === 'lend' ? ['readers'] : ['cellar']);
    const { address } = await server(await authority.issue(['library']), { callersOf });
    const readers = client(address, await authority.issue(['readers'])).library;
    const cellar = client(address, await authority.issue(['cellar'])).library;
    await expect(readers.lend(loan)).resolves.toEqual({ due: 'tomorrow' });
    await expect(readers.find(findEmma)).rejects.toMatchObject({ code: 'platform.forbidden' });
    await expect(cellar.find(findEmma)).resolves.toMatchObject({ title: 'Emma' });
    await expect(cellar.lend(loan)).rejects.toMatchObject({ code: 'platform.forbidden' });
  });

  it('does not listen to a client without a certificate, or without TLS', async () => {
    const own = await authority.issue(['library']);
    const { address } = await server(own, { callersOf: () => 'everyone' });
    const ca = Buffer.from(own.ca);
    const withoutCertificate = credentials.createSsl(ca, null, null, { checkServerIdentity: () => undefined });
    for (const given of [withoutCertificate, credentials.createInsecure()]) {
      expect(await rawCall(address, given)).toMatchObject({ code: Code.UNAVAILABLE });
    }
  });

  it('logs a handshake that it refuses, with the network and the reason', async () => {
    const own = await authority.issue(['library']);
    const { address, log } = await server(own, { callersOf: () => 'everyone' });
    const ca = Buffer.from(own.ca);
    const { key, cert } = await stranger.issue(['readers']);
    const ofStranger = credentials.createSsl(ca, Buffer.from(key), Buffer.from(cert), {
      checkServerIdentity: () => undefined,
    });
    const ofNobody = credentials.createSsl(ca, null, null, { checkServerIdentity: () => undefined });
    for (const given of [ofStranger, ofNobody, credentials.createInsecure()]) await rawCall(address, given);
    const refused = (reason: string) => ({
      level: 'warn',
      message: 'A peer was refused: its TLS handshake failed.',
      network: '127.0.0.1',
      reason: expect.stringContaining(reason),
    });
    const reasons = ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT', 'ERR_SSL'];
    for (const reason of reasons) await expect.poll(log).toContainEqual(expect.objectContaining(refused(reason)));
  });

  it('takes nothing that a client invents for who asks', async () => {
    let seen: CallContext | undefined;
    const { address } = await serveLibrary({
      find: async (_, context) => {
        seen = context;
        return { title: '', shelf: null };
      },
    });
    const metadata = new Metadata();
    const invented = JSON.stringify(somebody('admin'));
    for (const key of ['principal', 'x-principal', 'x-user-id', 'x-roles', 'x-forwarded-user'])
      metadata.set(key, invented);
    metadata.set('x-request-id', 'two words');
    metadata.set('traceparent', 'invented');
    expect(await rawCall(address, credentials.createInsecure(), metadata)).toBeUndefined();
    expect(seen!.principal).toBeUndefined();
    expect(seen!.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(seen!.trace.traceId).toMatch(/^[0-9a-f]{32}$/);
    metadata.set('authorization', 'Basic YWRtaW46YWRtaW4=');
    expect(await rawCall(address, credentials.createInsecure(), metadata)).toMatchObject({
      code: Code.UNAUTHENTICATED,
    });
  });
});

describe('the files of PEER_TLS_*', () => {
  it('are read again when they change, and connections go on', async () => {
    const served = await server(await authority.issue(['cellar']));
    const { library, files, certificates } = client(served.address, await authority.issue(['readers']));
    await expect(library.lend(loan)).rejects.toMatchObject(refusedFor(/does not name library/));
    const renewed = new Promise<void>((resolve) => served.certificates.onChange(resolve));
    served.files.write(await authority.issue(['library']));
    await renewed;
    await expect.poll(() => library.lend(loan).catch(() => 'refused')).toEqual({ due: 'tomorrow' });

    const changed = new Promise<void>((resolve) => certificates.onChange(resolve));
    files.write(await authority.issue(['cellar']));
    await changed;
    await expect(library.lend(loan), 'over the connection made under the old name').resolves.toEqual({
      due: 'tomorrow',
    });
  });

  it('stay as they were while the new ones do not fit together', async () => {
    const { files, certificates } = certificatesOf(await authority.issue(['library']));
    const before = certificates.current();
    const other = await authority.issue(['library']);
    files.write({ ...other, key: (await authority.issue(['library'])).key });
    await delay(1_500);
    expect(certificates.current()).toBe(before);
    files.write(other);
    await expect.poll(() => String(certificates.current().cert)).toBe(other.cert);
  });

  it.each([
    [
      'no file',
      'PEER_TLS_CA',
      (files: TestPeerFiles) => ({ ca: `${files.ca}.gone`, cert: files.cert, key: files.key }),
    ],
    [
      'a file that is no certificate',
      'PEER_TLS_CERT',
      (files: TestPeerFiles) => ({ ca: files.ca, cert: files.key, key: files.key }),
    ],
    [
      'a file that is no key',
      'PEER_TLS_KEY',
      (files: TestPeerFiles) => ({ ca: files.ca, cert: files.cert, key: files.ca }),
    ],
  ])('must not be %s', async (_, variable, given) => {
    const { files } = certificatesOf(await authority.issue(['library']));
    const paths = given(files);
    const read = () => readPeerCertificates(paths, logger);
    expect(read).toThrow(UnusableCertificateFile);
    expect(read).toThrow(new RegExp(`^${variable}=/.*\\.$`));
  });

  it('must not hold the key of another certificate, or an expired certificate', async () => {
    const pem = await authority.issue(['library']);
    const { key } = await authority.issue(['library']);
    expect(() => certificatesOf({ ...pem, key })).toThrow('is not the key of the certificate in PEER_TLS_CERT.');
    expect(() => certificatesOf(pem)).not.toThrow();
    const expired = await authority.issue(['library'], -60_000);
    expect(() => certificatesOf(expired)).toThrow(/^PEER_TLS_CERT=.* has expired, .*\. Put a new certificate there\.$/);
  });
});

/** The error of one call of `find`, made with nothing but grpc-js. */
async function rawCall(
  address: string,
  given: ChannelCredentials,
  metadata = new Metadata(),
): Promise<ServiceError | undefined> {
  const raw = clientWith(address, given);
  const { path, encodeInput } = serviceCodec(LibraryApi, libraryProto).operations.get('find')!;
  const asBytes = (bytes: Buffer) => bytes;
  return new Promise((resolve) => {
    raw.makeUnaryRequest(
      path,
      asBytes,
      asBytes,
      encodeInput(findEmma),
      metadata,
      { deadline: Date.now() + 2_000 },
      (error) => resolve(error ?? undefined),
    );
  });
}

function clientWith(address: string, given: ChannelCredentials) {
  const raw = new Client(address, given, { 'grpc.ssl_target_name_override': 'library' });
  opened.push(() => raw.close());
  return raw;
}
