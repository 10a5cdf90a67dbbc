/**
 * A private authority for development, and short-lived certificates for the processes: each names the modules that run
 * there, and nothing else it could be taken for. In production, certificates come from the issuer there.
 */
// Decorator metadata, which x509 builds its algorithms from.
import 'reflect-metadata';
import { randomBytes, type webcrypto } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

const day = 24 * 60 * 60_000;
/** Milliseconds. */
export const certificateLifetime = 7 * day;
const authorityLifetime = 365 * day;
/** Milliseconds that a new certificate is valid from in the past, for peers whose clocks are behind. */
const clockSkew = 5 * 60_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

export interface CertificateFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/**
 * Writes a certificate and its key for each of `holders`, who is known by the names of its modules. The authority in
 * `folder` is used again as long as it lasts, so that those who trust it go on trusting. Returns where the files are.
 */
export async function issueCertificates(
  folder: string,
  holders: ReadonlyMap<string, readonly string[]>,
  lifetime = certificateLifetime,
): Promise<ReadonlyMap<string, CertificateFiles>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const ca = join(folder, 'ca.pem');
  const authority = (await knownAuthority(folder, lifetime)) ?? (await newAuthority(folder));
  const issued = [...holders].map(async ([holder, names]) => {
    const files = { ca, cert: join(folder, `${holder}.pem`), key: join(folder, `${holder}.key`) };
    const { certificate, key } = await issue(authority, holder, names, lifetime);
    // The certificate last: a reader of a new one finds its key.
    await replace(files.key, await privatePem(key));
    await replace(files.cert, certificate.toString('pem'));
    return [holder, files] as const;
  });
  return new Map(await Promise.all(issued));
}

/** Undefined where there is none, or none that outlives what it would sign. */
async function knownAuthority(folder: string, lifetime: number): Promise<Authority | undefined> {
  try {
    const certificate = new x509.X509Certificate(await readFile(join(folder, 'ca.pem'), 'utf8'));
    const [encoded] = x509.PemConverter.decode(await readFile(join(folder, 'ca.key'), 'utf8'));
    const key = await crypto.subtle.importKey('pkcs8', encoded!, algorithm, true, ['sign']);
    return certificate.notAfter.getTime() > Date.now() + lifetime ? { certificate, key } : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function newAuthority(folder: string): Promise<Authority> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: 'CN=Fissile development authority',
    ...validFor(authorityLifetime),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await replace(join(folder, 'ca.key'), await privatePem(keys.privateKey));
  await replace(join(folder, 'ca.pem'), certificate.toString('pem'));
  return { certificate, key: keys.privateKey };
}

async function issue(authority: Authority, holder: string, names: readonly string[], lifetime: number) {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${holder}`,
    issuer: authority.certificate.subject,
    ...validFor(lifetime),
    publicKey: keys.publicKey,
    signingKey: authority.key,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      // Every process calls and is called.
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns', value }))),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, key: keys.privateKey };
}

const validFor = (lifetime: number) => ({
  notBefore: new Date(Date.now() - clockSkew),
  notAfter: new Date(Date.now() + lifetime),
});

/** Positive, and never the same twice. */
const serialNumber = () => `01${randomBytes(15).toString('hex')}`;

const privatePem = async (key: webcrypto.CryptoKey) =>
  x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

/** At once: nobody reads half a file. Only its owner may read it. */
async function replace(file: string, text: string): Promise<void> {
  const unfinished = `${file}.${process.pid}.new`;
  await rm(unfinished, { force: true });
  await writeFile(unfinished, `${text}\n`, { mode: 0o600, flag: 'wx' });
  await rename(unfinished, file);
}
