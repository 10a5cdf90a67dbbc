/** The cluster that an address such as `kafka://user:password@one:9092,two:9092?sasl=scram-sha-512` names. */
export interface BrokerAddress {
  /** The brokers to ask first; the cluster tells of the others. */
  readonly brokers: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  readonly credentials: Credentials | undefined;
  /** The number of partitions that each topic of events has: at most so many replicas of a module share its work. */
  readonly partitions: number;
  /** The number of brokers that keep each event. */
  readonly replication: number;
  /** For people to read; without the password. */
  readonly name: string;
}

export interface Credentials {
  readonly mechanism: 'PLAIN' | 'SCRAM-SHA-512';
  readonly username: string;
  readonly password: string;
}

const defaults = { partitions: 12, replication: 3, port: 9092 };
const parameters = ['partitions', 'replication', 'sasl'];
/** Several hosts are no URL (https://url.spec.whatwg.org), so it is taken apart here. */
const shape =
  /^(?<protocol>kafkas?):\/\/(?:(?<user>[^:@/?]*):(?<password>[^@/?]*)@)?(?<hosts>[^@/?#]+)\/?(?:\?(?<query>[^#]*))?$/;
const hostAndPort = /^(?<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?<port>\d{1,5}))?$/i;

/** Throws an error whose message says what is wrong with the address, and never holds the password. */
export function brokerAddress(url: string): BrokerAddress {
  const parts = shape.exec(url)?.groups;
  if (!parts) {
    throw new Error(
      'it has to look like kafka://host:9092,host:9092 or kafkas://user:password@host:9093, with special characters of the password percent-encoded.',
    );
  }
  const brokers = parts['hosts']!.split(',').map(readHost);
  const query = new URLSearchParams(parts['query']);
  const unknown = [...query.keys()].find((name) => !parameters.includes(name));
  if (unknown !== undefined)
    throw new Error(`it has an unknown parameter: ${unknown}. There are ${parameters.join(', ')}.`);
  return {
    brokers,
    tls: parts['protocol'] === 'kafkas',
    credentials: readCredentials(parts['user'], parts['password'], query.get('sasl')),
    partitions: readCount(query, 'partitions', 1_000),
    replication: readCount(query, 'replication', 9),
    name: brokers.map(({ host, port }) => `${host}:${port}`).join(','),
  };
}

function readHost(text: string): { host: string; port: number } {
  const { host, port } = hostAndPort.exec(text)?.groups ?? {};
  const number = Number(port ?? defaults.port);
  if (host === undefined || number < 1 || number > 65_535) throw new Error(`"${text}" in it is not a host and a port.`);
  return { host: host.replaceAll(/[[\]]/g, ''), port: number };
}

function readCredentials(user: string | undefined, password: string | undefined, sasl: string | null) {
  const mechanism = (sasl ?? 'plain').toUpperCase();
  if (mechanism !== 'PLAIN' && mechanism !== 'SCRAM-SHA-512')
    throw new Error(`its parameter sasl has to be plain or scram-sha-512, and it is ${sasl}.`);
  if (user === undefined || password === undefined) {
    if (sasl !== null)
      throw new Error('its parameter sasl needs a user and a password: kafkas://user:password@host:9093.');
    return undefined;
  }
  try {
    return { mechanism, username: decodeURIComponent(user), password: decodeURIComponent(password) } as const;
  } catch {
    throw new Error('its user and password have to be percent-encoded.');
  }
}

function readCount(query: URLSearchParams, name: 'partitions' | 'replication', most: number): number {
  const text = query.get(name);
  if (text === null) return defaults[name];
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > most)
    throw new Error(`its parameter ${name} has to be a number from 1 to ${most}, and it is ${text}.`);
  return count;
}
