/** Every process of a topology with the environment that makes it what it is. */
import { moduleVariable, publicUrlIn } from '../configuration.ts';
import { directVariable } from '../database-places.ts';
import type { Environment } from '../environment.ts';
import type { CertificateFiles } from '../certificates.ts';
import type { DatabaseUrls } from './databases.ts';
import type { Topology, TopologyProcess } from './topology.ts';
import { gateway } from './topology-file.ts';
import { Variables } from '../variables.ts';

/** Settings of the way in alone: how clients and probes are served, and where gateways share their counts. */
const ofGateway = Object.entries(Variables.shape).flatMap(([name, schema]) =>
  schema.meta()?.topology === gateway ? name : [],
);

export interface Instance {
  /** The name of the process, with the replica's number where there are several: `shop-2`. */
  readonly name: string;
  readonly isGateway: boolean;
  readonly environment: Environment;
}

export interface Means {
  /** The environment of the person who starts the topology. */
  readonly environment: Environment;
  /** The URLs of each module's database. */
  readonly databases: ReadonlyMap<string, DatabaseUrls>;
  /** The environment variables that each module reads for itself, such as the key of a payment provider. */
  readonly settings: ReadonlyMap<string, readonly string[]>;
  /** By process; undefined where the environment says which, or that there are none. */
  readonly certificates: ReadonlyMap<string, CertificateFiles> | undefined;
}

/** `replica` counts from 0. */
export const instanceName = ({ name, replicas }: Pick<TopologyProcess, 'name' | 'replicas'>, replica: number): string =>
  replicas === 1 ? name : `${name}-${replica + 1}`;

export function instancesOf(topology: Topology, means: Means): readonly Instance[] {
  return topology.processes.flatMap((entry) =>
    Array.from({ length: entry.replicas }, (_, replica) => {
      const name = instanceName(entry, replica);
      const environment = { ...environmentOf(entry, replica, topology, means), INSTANCE: name };
      return { name, isGateway: entry.modules.includes(gateway), environment };
    }),
  );
}

function environmentOf(
  entry: TopologyProcess,
  replica: number,
  { processes, eventsUrl }: Topology,
  means: Means,
): Environment {
  const { environment, databases, settings, certificates } = means;
  const others = processes.filter(({ name }) => name !== entry.name);
  const files = certificates?.get(entry.name);
  const scheme = environment.PEER_TLS === 'off' ? 'http' : 'https';
  return {
    ...environment,
    // Variables that only other processes read may be secret.
    ...unset(variablesOfOthers(entry.modules, settings)),
    // The supervisor reads lines of JSON and makes them what they should be.
    NO_COLOR: '1',
    FORCE_COLOR: undefined,
    // The administrator's: each module gets its own, and a process only those of its modules.
    DATABASE_URL: undefined,
    [directVariable]: undefined,
    ...unset(
      [...databases.keys()].flatMap((module) => [
        moduleVariable(module, 'DATABASE_URL'),
        moduleVariable(module, 'DATABASE_DIRECT_URL'),
      ]),
    ),
    ...Object.fromEntries(
      businessOf(entry.modules).flatMap((module) => [
        [moduleVariable(module, 'DATABASE_URL'), databases.get(module)?.url],
        [moduleVariable(module, 'DATABASE_DIRECT_URL'), databases.get(module)?.directUrl],
      ]),
    ),
    MODULES: entry.modules.join(','),
    PORT: String(entry.port + replica),
    GRPC_PORT: entry.grpcPort === undefined ? undefined : String(entry.grpcPort + replica),
    ...(entry.managementPort !== undefined && { MANAGEMENT_PORT: String(entry.managementPort + replica) }),
    EVENTS_URL: eventsUrl && (environment[moduleVariable(entry.name, 'EVENTS_URL')] || eventsUrl),
    ...unset(processes.map(({ name }) => moduleVariable(name, 'EVENTS_URL'))),
    ...given({ PUBLIC_URL: publicUrlOf(processes, environment) }, environment),
    ...given(Object.assign({}, ...others.map((other) => addressesOf(other, scheme))), environment),
    ...(files && { PEER_TLS_CA: files.ca, PEER_TLS_CERT: files.cert, PEER_TLS_KEY: files.key }),
    // Behind the gateway: it counts the requests, and says who asked.
    ...(entry.modules.includes(gateway) ? {} : { ...behindGateway, ...given({ SHUTDOWN_DELAY: '0' }, environment) }),
  };
}

/** The same for every process: whatever they listen on, people come through the gateway. */
function publicUrlOf(processes: readonly TopologyProcess[], environment: Environment): string {
  const { port } = processes.find(({ modules }) => modules.includes(gateway))!;
  return publicUrlIn({ ...environment, PORT: String(port) });
}

const behindGateway: Environment = {
  HOST: '127.0.0.1',
  TRUST_PROXY: '1',
  // The gateway's, whatever the proxies in front of it write.
  TRUST_PROXY_HEADER: 'x-forwarded-for',
  RATE_LIMIT_PER_MINUTE: '0',
};

const unset = (variables: readonly string[]): Environment =>
  Object.fromEntries(variables.map((name) => [name, undefined]));

function variablesOfOthers(modules: readonly string[], settings: Means['settings']): readonly string[] {
  const own = new Set(modules.flatMap((module) => settings.get(module) ?? []));
  const others = [...settings.values()].flat().filter((name) => !own.has(name));
  return modules.includes(gateway) ? others : [...others, ...ofGateway];
}

/** Defaults, which the environment overrides. */
const given = (defaults: Environment, environment: Environment): Environment =>
  Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, environment[name] || value]));

/** Where the modules of a process are reached, one address for each replica. */
function addressesOf({ modules, replicas, port, grpcPort }: TopologyProcess, scheme: string): Environment {
  const ports = (first: number) => Array.from({ length: replicas }, (_, replica) => first + replica);
  return Object.fromEntries(
    businessOf(modules).flatMap((module) => [
      [
        variableOf(module, 'URL'),
        ports(grpcPort!)
          .map((each) => `127.0.0.1:${each}`)
          .join(','),
      ],
      [
        variableOf(module, 'HTTP_URL'),
        ports(port)
          .map((each) => `${scheme}://127.0.0.1:${each}`)
          .join(','),
      ],
    ]),
  );
}

const businessOf = (modules: readonly string[]) => modules.filter((module) => module !== gateway);
const variableOf = (module: string, what: string) => `${module.toUpperCase().replaceAll('-', '_')}_${what}`;
