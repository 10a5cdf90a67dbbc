/** Certificates for the processes of a topology, where the environment gives none. */
import { join } from 'node:path';
import { certificateLifetime, issueCertificates, type CertificateFiles } from '../certificates.ts';
import type { Environment } from '../environment.ts';
import type { Opened } from '../opened.ts';
import type { Topology } from './topology.ts';

export interface CertificateOptions {
  readonly topology: Topology;
  readonly environment: Environment;
  readonly dataDir: string;
  readonly onError: (error: Error) => void;
  /** Milliseconds. */
  readonly lifetime?: number;
}

/** By process; written again long before they end. Undefined where there is nothing to protect, or who protects it is said. */
export async function renewedCertificates(
  options: CertificateOptions,
  opened: Opened,
): Promise<ReadonlyMap<string, CertificateFiles> | undefined> {
  const { topology, environment, dataDir, onError, lifetime = certificateLifetime } = options;
  const given = [environment.PEER_TLS_CA, environment.PEER_TLS_CERT, environment.PEER_TLS_KEY].some(Boolean);
  if (topology.processes.length === 1 || environment.PEER_TLS === 'off' || given) return undefined;
  const holders = new Map(topology.processes.map(({ name, modules }) => [name, modules]));
  const issue = () => issueCertificates(join(dataDir, 'certificates'), holders, lifetime);
  const renewal = setInterval(() => void issue().catch(onError), lifetime / 3);
  opened.add('the renewal of certificates', () => clearInterval(renewal));
  return issue();
}
