/** `certs`: certificates for processes that run apart, made by hand; a running process takes a new one as it finds it. */
import { join, resolve } from 'node:path';
import { issueCertificates } from '../certificates.ts';
import type { Answer, Command, CommandLine } from '../command.ts';
import { readConfiguration } from '../configuration.ts';
import { findModules } from '../modules.ts';
import { readTopology } from '../topology/topology.ts';
import { gateway } from '../topology/topology-file.ts';

export const command: Command = {
  takes: ['[FOLDER]'],
  summary: 'make certificates for processes that run apart',
  description: `
Makes a private authority and certificates for processes that run apart: one for each module and the gateway, or with
--topology one for each process of the file. FOLDER is DATA_DIR/certificates unless given. A running
process picks up a new certificate by itself.`,
  flags: { '--topology <FILE>': 'for the processes of this topology' },
  json: '{"<process>": {"ca", "cert", "key"}, ...}: the files',
  settings: ['DATA_DIR'],
  run: certs,
};

/** One for each process of the topology, or one for each module and the gateway. */
async function certs({ environment, topology }: CommandLine, folder?: string): Promise<Answer> {
  const target = resolve(folder ?? join(readConfiguration(environment).dataDir, 'certificates'));
  const modules = await findModules();
  const holders: ReadonlyMap<string, readonly string[]> =
    topology === undefined
      ? new Map([gateway, ...modules].map((name) => [name, [name]]))
      : new Map(
          (await readTopology(topology, modules, environment)).processes.map((entry) => [entry.name, entry.modules]),
        );
  const issued = await issueCertificates(target, holders);
  const lines = [...issued].map(
    ([holder, { ca, cert, key }]) => `${holder}: PEER_TLS_CA=${ca} PEER_TLS_CERT=${cert} PEER_TLS_KEY=${key}`,
  );
  return { lines, json: Object.fromEntries(issued) };
}
