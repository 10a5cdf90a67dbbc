/** Authorities and certificates for tests of trust between processes. */
import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { PeerFiles } from '#platform/grpc/peer-certificates.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const hour = 3_600_000;

export interface Pem {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface TestAuthority {
  /** Made out to `names`; valid from an hour ago, for `lifetime` milliseconds from now. */
  issue(names: readonly string[], options?: { lifetime?: number }): Promise<Pem>;
}

const generateKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
const serialNumber = () => `00${randomBytes(8).toString('hex')}`;

export async function testAuthority(): Promise<TestAuthority> {
  const keys = await generateKeys();
  const name = `CN=Authority of a test ${randomBytes(4).toString('hex')}`;
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name,
    notBefore: new Date(Date.now() - hour),
    notAfter: new Date(Date.now() + hour),
    signingAlgorithm: algorithm,
    keys,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true)],
  });
  return {
    async issue(names, { lifetime = hour } = {}) {
      const own = await generateKeys();
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        subject: `CN=${names[0]}`,
        issuer: name,
        notBefore: new Date(Date.now() - hour),
        notAfter: new Date(Date.now() + lifetime),
        signingAlgorithm: algorithm,
        publicKey: own.publicKey,
        signingKey: keys.privateKey,
        extensions: [new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value })))],
      });
      const exported = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey)).toString('base64');
      const key = `-----BEGIN PRIVATE KEY-----\n${exported.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
      return { ca: authority.toString('pem'), cert: certificate.toString('pem'), key };
    },
  };
}

/** Files as PEER_TLS_* names them. */
export class TestPeerFiles implements PeerFiles {
  readonly folder = mkdtempSync(join(tmpdir(), 'fissile-peer-'));
  readonly ca = join(this.folder, 'ca.pem');
  readonly cert = join(this.folder, 'cert.pem');
  readonly key = join(this.folder, 'key.pem');

  constructor(pem: Pem) {
    this.write(pem);
  }

  write({ ca, cert, key }: Pem): void {
    writeFileSync(this.ca, ca);
    writeFileSync(this.cert, cert);
    writeFileSync(this.key, key);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
