/** Authorities and certificates for tests of trust between processes. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PeerFiles } from '#runtime/grpc/peer-certificates.ts';
import { issueCertificates } from '../../src/host/certificates.ts';

export interface Pem {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface TestAuthority {
  /** Made out to `names`, for `lifetime` milliseconds from now. */
  issue(names: readonly string[], lifetime?: number): Promise<Pem>;
  remove(): void;
}

const hour = 3_600_000;

export async function testAuthority(): Promise<TestAuthority> {
  const folder = mkdtempSync(join(tmpdir(), 'fissile-authority-'));
  await issueCertificates(folder, new Map(), hour);
  return {
    async issue(names, lifetime = hour) {
      const holder = randomUUID();
      const { ca, cert, key } = (await issueCertificates(folder, new Map([[holder, names]]), lifetime)).get(holder)!;
      return { ca: await readFile(ca, 'utf8'), cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Files as PEER_TLS_* names them. */
export class TestPeerFiles implements PeerFiles {
  readonly #folder = mkdtempSync(join(tmpdir(), 'fissile-peer-'));
  readonly ca = join(this.#folder, 'ca.pem');
  readonly cert = join(this.#folder, 'cert.pem');
  readonly key = join(this.#folder, 'key.pem');

  constructor(pem: Pem) {
    this.write(pem);
  }

  write({ ca, cert, key }: Pem): void {
    writeFileSync(this.ca, ca);
    writeFileSync(this.cert, cert);
    writeFileSync(this.key, key);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
