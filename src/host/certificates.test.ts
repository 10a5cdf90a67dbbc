import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { certificateLifetime, issueCertificates, type CertificateFiles } from './certificates.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'fissile-certificates-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const holders = new Map([
  ['front', ['gateway']],
  ['both', ['library', 'shop']],
]);
const certificateIn = (file: string) => new X509Certificate(readFileSync(file));
const contents = ({ ca, cert, key }: CertificateFiles) => ({
  ca: readFileSync(ca),
  cert: readFileSync(cert),
  key: readFileSync(key),
});

/** Shakes hands as a client that wants to talk to `servername`, and returns what the server sees of it; rejects with either side's objection. */
async function shakeHands(client: CertificateFiles, server: CertificateFiles, servername: string): Promise<string> {
  const seen = Promise.withResolvers<string>();
  const listening = createServer({ ...contents(server), requestCert: true, rejectUnauthorized: true }, (socket) => {
    seen.resolve(socket.getPeerCertificate().subjectaltname ?? '');
    socket.end();
  }).on('tlsClientError', seen.reject);
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as { port: number };
  const socket: TLSSocket = connect({ ...contents(client), port, host: '127.0.0.1', servername });
  socket.on('error', seen.reject).on('data', () => {});
  try {
    return await seen.promise;
  } finally {
    socket.destroy();
    listening.close();
  }
}

describe('the certificates for development', () => {
  it('let two processes recognize each other by the modules they run', async () => {
    const issued = await issueCertificates(folder, holders);
    const [front, both] = [issued.get('front')!, issued.get('both')!];
    expect(await shakeHands(front, both, 'shop')).toBe('DNS:gateway');
    expect(await shakeHands(both, front, 'gateway')).toBe('DNS:library, DNS:shop');
  });

  it('prove no other name', async () => {
    const issued = await issueCertificates(folder, holders);
    await expect(shakeHands(issued.get('front')!, issued.get('both')!, 'gateway')).rejects.toThrow(/does not match/);
  });

  it('of one authority mean nothing to those of another', async () => {
    const ours = await issueCertificates(folder, holders);
    const theirs = await issueCertificates(join(folder, 'theirs'), holders);
    const mixed = { ...theirs.get('front')!, ca: ours.get('front')!.ca };
    await expect(shakeHands(mixed, ours.get('both')!, 'shop')).rejects.toThrow();
  });

  it('last a week, and cannot sign others', async () => {
    const { cert, ca } = (await issueCertificates(folder, holders)).get('both')!;
    const certificate = certificateIn(cert);
    expect(certificate.ca).toBe(false);
    expect(certificateIn(ca).ca).toBe(true);
    expect(Math.abs(certificate.validToDate.getTime() - Date.now() - certificateLifetime)).toBeLessThan(10_000);
    expect(certificate.verify(certificateIn(ca).publicKey)).toBe(true);
  });

  it('are renewed under the same authority, which those who trust it go on trusting', async () => {
    const first = (await issueCertificates(folder, holders)).get('both')!;
    const before = { ca: certificateIn(first.ca), cert: certificateIn(first.cert) };
    const again = (await issueCertificates(folder, holders)).get('both')!;
    expect(certificateIn(again.ca).fingerprint256).toBe(before.ca.fingerprint256);
    expect(certificateIn(again.cert).fingerprint256).not.toBe(before.cert.fingerprint256);
    expect(certificateIn(again.cert).verify(before.ca.publicKey)).toBe(true);
  });

  it('come from a new authority once the old one would end before them', async () => {
    const { ca } = (await issueCertificates(folder, holders)).get('both')!;
    const before = certificateIn(ca).fingerprint256;
    await issueCertificates(folder, holders, 2 * 365 * 24 * 60 * 60_000);
    expect(certificateIn(ca).fingerprint256).not.toBe(before);
  });

  it('are for nobody else on this machine to read', async () => {
    const { ca, key } = (await issueCertificates(folder, holders)).get('both')!;
    for (const file of [key, ca.replace('ca.pem', 'ca.key')]) expect(statSync(file).mode & 0o077, file).toBe(0);
  });
});
