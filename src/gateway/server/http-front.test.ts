import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Logger } from '#platform/logger.ts';
import { CertificateFiles } from '#runtime/security/certificate-files.ts';
import { gateway } from '../../../tests/support/gateway.ts';
import { issueCertificates } from '../../host/certificates.ts';
import { HttpFront } from './http-front.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'fissile-front-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

async function issued() {
  const { cert, key } = (await issueCertificates(folder, new Map([['shop', ['shop.example']]]))).get('shop')!;
  return { cert, key };
}

async function publicPort() {
  const certificate = new CertificateFiles('TLS', await issued(), silent);
  const front = await HttpFront.open(gateway([]), { host: '127.0.0.1', port: 0 }, certificate);
  onTestFinished(async () => {
    certificate.close();
    await front.close(0);
  });
  return front.url;
}

/** The first line that the port answers, and the certificate it shows, to a client that shows none. */
const met = (url: string) =>
  new Promise<{ line: string; serial: string }>((resolve, reject) => {
    const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1', rejectUnauthorized: false }, () => {
      const { serialNumber: serial } = socket.getPeerX509Certificate()!;
      socket.write('GET /livez HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\n\r\n');
      socket.once('data', (data) => resolve({ line: data.toString().split('\r\n')[0]!, serial }));
    });
    socket.on('error', reject);
  });

describe('the public port with TLS_CERT and TLS_KEY', () => {
  it('is HTTPS, and asks nobody for a certificate', async () => {
    const url = await publicPort();
    expect(url).toMatch(/^https:/);
    expect((await met(url)).line).toBe('HTTP/1.1 200 OK');
    await expect(fetch(`${url.replace('https', 'http')}/livez`)).rejects.toThrow();
  });

  it('shows the new certificate when the files changed, without a restart', async () => {
    const url = await publicPort();
    const { serial } = await met(url);
    await issued();
    await expect.poll(async () => (await met(url)).serial).not.toBe(serial);
  });

  it('says once, not every second, that the files cannot be read', async () => {
    const said: string[] = [];
    const files = await issued();
    const logger: Logger = { debug() {}, info() {}, warn: (message) => void said.push(message), error() {} };
    const certificate = new CertificateFiles('TLS', files, logger);
    onTestFinished(() => certificate.close());
    await rm(files.cert);
    await expect.poll(() => said).toEqual(['The files of TLS_* cannot be read; the earlier ones stay in use.']);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(said).toHaveLength(1);
  });

  it('keeps its certificate while the files do not fit together', async () => {
    const url = await publicPort();
    const { serial } = await met(url);
    const { key } = await issued();
    await writeFile(key, 'half of a key');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await met(url)).toEqual({ line: 'HTTP/1.1 200 OK', serial });
  });

  it.each([
    ['is not there', async (cert: string) => rm(cert), /^TLS_CERT=.*shop\.pem cannot be read: ENOENT\.$/],
    ['is none', async (cert: string) => writeFile(cert, 'x'), /^TLS_CERT=.*shop\.pem holds no certificate in PEM\.$/],
  ])('is refused with one line when the certificate %s', async (_, spoil, line) => {
    const files = await issued();
    await spoil(files.cert);
    expect(() => new CertificateFiles('TLS', files, silent)).toThrow(line);
  });
});
