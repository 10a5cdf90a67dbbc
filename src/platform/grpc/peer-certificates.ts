/**
 * Who this process is to the others: its certificate and key, and the authority whose certificates it believes. They
 * live shortly, so the files are read again while the program runs; connections that are open stay open.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Logger } from '../observability/logger.ts';

export interface PeerFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface PeerIdentity {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Its message is one line that names the variable and the file. */
export class UnusablePeerFile extends Error {
  override readonly name = 'UnusablePeerFile';

  constructor(part: keyof PeerFiles, files: PeerFiles, what: string) {
    super(`PEER_TLS_${part.toUpperCase()}=${files[part]} ${what}`);
  }
}

/** Milliseconds between two looks at the files. */
const lookEvery = 1_000;
const parts = ['ca', 'cert', 'key'] as const;

export class PeerCertificates {
  readonly #files: PeerFiles;
  readonly #logger: Logger;
  readonly #listeners = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #current: PeerIdentity;
  /** What could not be used at the last look. */
  #refused: PeerIdentity | undefined;

  private constructor(files: PeerFiles, identity: PeerIdentity, logger: Logger) {
    this.#files = files;
    this.#current = identity;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.#look(), lookEvery).unref();
  }

  /** Throws UnusablePeerFile. */
  static read(files: PeerFiles, logger: Logger): PeerCertificates {
    const content = (part: keyof PeerFiles) => {
      try {
        return readFileSync(files[part]);
      } catch (error) {
        throw new UnusablePeerFile(part, files, `cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`);
      }
    };
    const identity = { ca: content('ca'), cert: content('cert'), key: content('key') };
    check(identity, files);
    return new PeerCertificates(files, identity, logger);
  }

  current(): PeerIdentity {
    return this.#current;
  }

  /** Calls when `current` gives others; returns what ends that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#listeners.clear();
  }

  async #look(): Promise<void> {
    try {
      const [ca, cert, key] = await Promise.all([readFile(this.#files.ca), readFile(this.#files.cert), readFile(this.#files.key)]);
      const found = { ca, cert, key };
      if (!same(found, this.#current)) this.#take(found);
    } catch (error) {
      this.#logger.warn('The files of PEER_TLS_* cannot be read; the earlier ones stay in use.', { error });
    }
  }

  #take(found: PeerIdentity): void {
    try {
      check(found, this.#files);
    } catch (error) {
      // The three are not written in one moment, so a mismatch counts when it is still there at the next look.
      if (this.#refused !== undefined && same(found, this.#refused)) {
        this.#logger.warn('The files of PEER_TLS_* changed and cannot be used; the earlier ones stay in use.', { error });
      }
      this.#refused = found;
      return;
    }
    this.#current = found;
    this.#refused = undefined;
    this.#logger.info('The certificate of this process was renewed.', { until: new X509Certificate(found.cert).validTo });
    for (const listener of this.#listeners) listener();
  }
}

const same = (one: PeerIdentity, other: PeerIdentity) => parts.every((part) => one[part].equals(other[part]));

function check({ ca, cert, key }: PeerIdentity, files: PeerFiles): void {
  parsed('ca', () => new X509Certificate(ca));
  const certificate = parsed('cert', () => new X509Certificate(cert));
  const privateKey = parsed('key', () => createPrivateKey(key));
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new UnusablePeerFile('key', files, 'is not the key of the certificate in PEER_TLS_CERT.');
  }
  if (certificate.validToDate < new Date()) {
    throw new UnusablePeerFile('cert', files, `has expired, ${certificate.validTo}. Make new certificates: npm run certs`);
  }

  function parsed<T>(part: keyof PeerFiles, parse: () => T): T {
    try {
      return parse();
    } catch {
      throw new UnusablePeerFile(part, files, part === 'key' ? 'holds no private key in PEM.' : 'holds no certificate in PEM.');
    }
  }
}
