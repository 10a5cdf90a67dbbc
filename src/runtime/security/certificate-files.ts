/**
 * A certificate with its key, in files whose names came from the environment, and where it applies the authority whose
 * certificates are believed. Certificates live shortly, so the files are read again while the program runs;
 * connections that are open stay open.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Logger } from '#platform/logger.ts';

/** `ca`: certificates of an authority. All of them in PEM. */
type Part = 'ca' | 'cert' | 'key';
type Content<P extends Part> = { readonly [Name in P]: Buffer };

/** Its message is one line that names the variable and the file. */
export class UnusableCertificateFile extends Error {
  override readonly name = 'UnusableCertificateFile';
}

/** Milliseconds between two looks at the files. */
const lookEvery = 1_000;

export class CertificateFiles<P extends Part = Part> {
  readonly #prefix: string;
  readonly #files: { readonly [Name in P]: string };
  readonly #parts: readonly P[];
  readonly #logger: Logger;
  readonly #listeners = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #current: Content<P>;
  /** The files that could not be used at the last look. */
  #refused: Content<P> | undefined;
  /** The last reported mistake; once is enough. */
  #told: string | undefined;

  /**
   * `files` are those of the variables that begin with `prefix`: for `PEER_TLS`, `cert` is the file of `PEER_TLS_CERT`.
   * Throws UnusableCertificateFile.
   */
  constructor(prefix: string, files: { readonly [Name in P]: string }, logger: Logger) {
    this.#prefix = prefix;
    this.#files = files;
    this.#parts = Object.keys(files) as P[];
    this.#logger = logger;
    this.#current = this.#contentOf((part) => {
      try {
        return readFileSync(files[part]);
      } catch (error) {
        throw this.#unusable(part, `cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`);
      }
    });
    this.#check(this.#current);
    this.#timer = setInterval(() => void this.#look(), lookEvery).unref();
  }

  current(): Content<P> {
    return this.#current;
  }

  /** The end of the certificate in use. */
  get validTo(): Date {
    return new X509Certificate((this.#current as Content<'cert'>).cert).validToDate;
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
      const contents = new Map(
        await Promise.all(this.#parts.map(async (part) => [part, await readFile(this.#files[part])] as const)),
      );
      const found = this.#contentOf((part) => contents.get(part)!);
      if (this.#same(found, this.#current)) this.#told = undefined;
      else this.#take(found);
    } catch (error) {
      this.#tell('cannot be read', error);
    }
  }

  #tell(what: string, error: unknown): void {
    if (this.#told === String(error)) return;
    this.#told = String(error);
    this.#logger.warn(`The files of ${this.#prefix}_* ${what}; the earlier ones stay in use.`, { error });
  }

  #take(found: Content<P>): void {
    try {
      this.#check(found);
    } catch (error) {
      // They are not written in one moment, so a mismatch counts when it is still there at the next look.
      if (this.#refused !== undefined && this.#same(found, this.#refused))
        this.#tell('changed and cannot be used', error);
      this.#refused = found;
      return;
    }
    this.#current = found;
    this.#refused = this.#told = undefined;
    const { cert } = found as Content<'cert'>;
    this.#logger.info(`The certificate of ${this.#prefix}_CERT was renewed.`, {
      until: new X509Certificate(cert).validTo,
    });
    for (const listener of this.#listeners) listener();
  }

  #check(content: Content<P>): void {
    const { ca, cert, key } = content as Partial<Content<Part>>;
    if (ca) this.#parsed('ca', () => new X509Certificate(ca));
    const certificate = this.#parsed('cert', () => new X509Certificate(cert!));
    const privateKey = this.#parsed('key', () => createPrivateKey(key!));
    if (!certificate.checkPrivateKey(privateKey)) {
      throw this.#unusable('key', `is not the key of the certificate in ${this.#prefix}_CERT.`);
    }
    if (certificate.validToDate < new Date())
      throw this.#unusable('cert', `has expired, ${certificate.validTo}. Put a new certificate there.`);
  }

  #parsed<T>(part: Part, parse: () => T): T {
    try {
      return parse();
    } catch {
      throw this.#unusable(part, part === 'key' ? 'holds no private key in PEM.' : 'holds no certificate in PEM.');
    }
  }

  #unusable(part: Part, what: string): UnusableCertificateFile {
    const file = (this.#files as { readonly [Name in Part]?: string })[part];
    return new UnusableCertificateFile(`${this.#prefix}_${part.toUpperCase()}=${file} ${what}`);
  }

  #contentOf(read: (part: P) => Buffer): Content<P> {
    return Object.fromEntries(this.#parts.map((part) => [part, read(part)])) as unknown as Content<P>;
  }

  #same(one: Content<P>, other: Content<P>): boolean {
    return this.#parts.every((part) => one[part].equals(other[part]));
  }
}
