/** The certificate of the public port. It is read again while the program runs, since whoever renews it only replaces the files. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Logger } from '#platform/observability/logger.ts';
import { StartupError } from './startup-error.ts';

interface Pair {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Milliseconds between two looks at the files. */
const lookEvery = 1_000;

export class PublicCertificate {
  readonly #files: { readonly cert: string; readonly key: string };
  readonly #logger: Logger;
  readonly #listeners = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #current: Pair;

  /** Of TLS_CERT and TLS_KEY. Throws StartupError. */
  constructor(files: { readonly cert: string; readonly key: string }, logger: Logger) {
    const content = (variable: string, file: string) => {
      try {
        return readFileSync(file);
      } catch (error) {
        throw new StartupError(`${variable}=${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}.`);
      }
    };
    this.#files = files;
    this.#logger = logger;
    this.#current = { cert: content('TLS_CERT', files.cert), key: content('TLS_KEY', files.key) };
    if (!fits(this.#current)) throw new StartupError(`TLS_CERT=${files.cert} and TLS_KEY=${files.key} are not a certificate and its key, both in PEM.`);
    this.#timer = setInterval(() => void this.#look(), lookEvery).unref();
  }

  current(): Pair {
    return this.#current;
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    try {
      const [cert, key] = await Promise.all([readFile(this.#files.cert), readFile(this.#files.key)]);
      if (cert.equals(this.#current.cert) && key.equals(this.#current.key)) return;
      // The two are not replaced in one moment: what does not fit yet is looked at again.
      if (!fits({ cert, key })) return;
      this.#current = { cert, key };
      this.#logger.info('The certificate of the public port was renewed.', { until: new X509Certificate(cert).validTo });
      for (const listener of this.#listeners) listener();
    } catch (error) {
      this.#logger.warn('TLS_CERT or TLS_KEY cannot be read; the earlier certificate stays in use.', { error });
    }
  }
}

function fits({ cert, key }: Pair): boolean {
  try {
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
