/** `certs`: certificates for processes that run apart, made by hand; a running process takes a new one as it finds it. */
import { join, resolve } from 'node:path';
import { issueCertificates } from '../certificates.ts';
import { readConfiguration } from '../configuration.ts';
import type { Environment } from '../environment.ts';
import { findModules } from '../modules.ts';
import { readTopology } from '../topology/topology.ts';
import { gateway } from '../topology/topology-file.ts';

/** One for each process of the topology, or one for each module and the gateway. */
export async function certs(environment: Environment, folder: string | undefined, topology: string | undefined): Promise<number> {
  const target = resolve(folder ?? join(readConfiguration(environment).dataDir, 'certificates'));
  const modules = await findModules();
  const holders: ReadonlyMap<string, readonly string[]> = topology === undefined
    ? new Map([gateway, ...modules].map((name) => [name, [name]]))
    : new Map((await readTopology(topology, modules, environment)).processes.map((entry) => [entry.name, entry.modules]));
  const issued = await issueCertificates(target, holders);
  for (const [holder, { ca, cert, key }] of issued) {
    console.log(`${holder}: PEER_TLS_CA=${ca} PEER_TLS_CERT=${cert} PEER_TLS_KEY=${key}`);
  }
  return 0;
}
