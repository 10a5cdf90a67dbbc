/** Kafka for tests: one node or three, on free ports of this machine, with all they store in a temporary folder. */
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testAuthority, type TestAuthority } from '../certificates.ts';
import { freePorts } from '../running-program.ts';
import { tcpLink, type TcpLink } from '../tcp-link.ts';
import { KafkaNode } from './node.ts';

export interface ClusterOptions {
  readonly nodes?: 1 | 3;
  /** The first node's port for clients; a free one by default. */
  readonly port?: number;
  /** How many ways in there are that a test can cut. */
  readonly links?: number;
  /** Lets clients in with TLS and with a password as well, each allowed what ACLs grant; see `users`. */
  readonly secured?: boolean;
  /** Settings of the broker, beside or instead of those here. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Who may enter a secured cluster, by PLAIN and by SCRAM-SHA-512. `admin` may do all; `fissile` what ACLs grant. */
export const users = { admin: 'admin-secret', fissile: 'fissile-secret' } as const;

/** A way to all nodes that only those use who were told its URL. */
export interface ClusterLink {
  readonly url: string;
  /** To each node, in their order. */
  readonly connections: readonly TcpLink[];
  /** Breaks every connection and lets nobody in, until `accept`. */
  refuse(): void;
  accept(): void;
}

interface Listener {
  readonly name: string;
  readonly protocol: 'PLAINTEXT' | 'SSL' | 'SASL_PLAINTEXT' | 'SASL_SSL';
  /** One for each node. */
  readonly ports: readonly number[];
  readonly advertised: readonly number[];
}

export class KafkaCluster {
  readonly nodes: readonly KafkaNode[];
  readonly links: readonly ClusterLink[];
  /** The authority that signed the nodes' certificates (PEM), where the cluster is secured. */
  readonly ca: string | undefined;
  readonly #listeners: readonly Listener[];
  readonly #folder: string;

  private constructor(
    nodes: readonly KafkaNode[],
    links: readonly ClusterLink[],
    listeners: readonly Listener[],
    folder: string,
    ca: string | undefined,
  ) {
    this.nodes = nodes;
    this.links = links;
    this.ca = ca;
    this.#listeners = listeners;
    this.#folder = folder;
  }

  static async start(options: ClusterOptions = {}): Promise<KafkaCluster> {
    const { nodes: count = 1, links: linkCount = 0, secured = false } = options;
    const folder = await mkdtemp(join(tmpdir(), 'fissile-kafka-'));
    const ports = () => portsFor(count);
    const controllers = await ports();
    const plain = options.port === undefined ? await ports() : [options.port, ...(await ports()).slice(1)];
    const listeners: Listener[] = [{ name: 'PLAINTEXT', protocol: 'PLAINTEXT', ports: plain, advertised: plain }];
    for (const protocol of secured ? (['SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const) : []) {
      const own = await ports();
      listeners.push({ name: protocol, protocol, ports: own, advertised: own });
    }
    const links: ClusterLink[] = [];
    for (let index = 0; index < linkCount; index++) {
      const behind = await ports();
      const connections = await Promise.all(behind.map((port) => tcpLink({ host: '127.0.0.1', port })));
      const advertised = connections.map(({ port }) => port);
      listeners.push({ name: `LINK${index}`, protocol: 'PLAINTEXT', ports: behind, advertised });
      links.push(linkOver(connections));
    }

    const clusterId = randomBytes(16).toString('base64url');
    const authority = secured ? await testAuthority() : undefined;
    const homes = controllers.map((_, index) => join(folder, String(index + 1)));
    const nodes = homes.map((home, index) => new KafkaNode(index + 1, home));
    let ca: string | undefined;
    await Promise.all(
      nodes.map(async (node, index) => {
        await mkdir(homes[index]!);
        const tls = authority && (await certificateIn(homes[index]!, authority));
        ca = tls?.ca;
        const settings = { ...settingsOf(index, listeners, controllers), ...tls?.settings, ...options.settings };
        await node.format(clusterId, settings, secured ? users : {});
      }),
    );
    authority?.remove();
    const cluster = new KafkaCluster(nodes, links, listeners, folder, ca);
    try {
      for (const node of nodes) node.start();
      await cluster.untilReady();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /** For clients without TLS and without a password, who may do all. */
  get url(): string {
    return `kafka://${this.#addresses('PLAINTEXT')}`;
  }

  /** With TLS, as `user` or as nobody, where the cluster is secured. */
  secureUrl(user?: keyof typeof users, password: string = user ? users[user] : ''): string {
    return user === undefined
      ? `kafkas://${this.#addresses('SSL')}`
      : `kafkas://${user}:${password}@${this.#addresses('SASL_SSL')}`;
  }

  /** With a password and without TLS, where the cluster is secured. */
  passwordUrl(user: keyof typeof users, password: string = users[user]): string {
    return `kafka://${user}:${password}@${this.#addresses('SASL_PLAINTEXT')}`;
  }

  /** Addresses for a client of Kafka's own making. */
  get bootstrapBrokers(): string[] {
    return this.#addresses('PLAINTEXT').split(',');
  }

  async untilReady(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.untilReady()));
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.kill()));
    for (const { connections } of this.links) await Promise.all(connections.map((link) => link.close()));
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #addresses(name: string): string {
    const listener = this.#listeners.find((each) => each.name === name);
    if (!listener) throw new Error(`The cluster has no ${name} listener: start it with { secured: true }`);
    return listener.ports.map((port) => `${hostOf(listener)}:${port}`).join(',');
  }
}

/** The development authority certifies names, not addresses. */
const hostOf = ({ protocol }: Listener): string => (protocol.endsWith('SSL') ? 'localhost' : '127.0.0.1');

async function portsFor(nodes: number): Promise<number[]> {
  const first = await freePorts(nodes);
  return Array.from({ length: nodes }, (_, index) => first + index);
}

function linkOver(connections: readonly TcpLink[]): ClusterLink {
  return {
    url: `kafka://${connections.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    connections,
    refuse() {
      for (const link of connections) {
        link.refuse();
        link.breakAll();
      }
    },
    accept() {
      for (const link of connections) link.accept();
    },
  };
}

function settingsOf(index: number, listeners: readonly Listener[], controllers: readonly number[]) {
  const count = controllers.length;
  const at = (ports: readonly number[]) => `127.0.0.1:${ports[index]}`;
  const join = (parts: readonly string[]) => parts.join(',');
  const copies = (topic: string) => ({
    [`${topic}.replication.factor`]: String(count),
    [`${topic}.min.isr`]: String(Math.min(count, 2)),
    [`${topic}.num.partitions`]: '3',
  });
  const { 'offsets.topic.min.isr': _, ...offsets } = copies('offsets.topic');
  return {
    'process.roles': 'broker,controller',
    'node.id': String(index + 1),
    'controller.quorum.voters': join(controllers.map((port, other) => `${other + 1}@127.0.0.1:${port}`)),
    listeners: join([
      ...listeners.map(({ name, ports }) => `${name}://${at(ports)}`),
      `CONTROLLER://${at(controllers)}`,
    ]),
    'advertised.listeners': join(
      listeners.map((listener) => `${listener.name}://${hostOf(listener)}:${listener.advertised[index]}`),
    ),
    'listener.security.protocol.map': join([
      ...listeners.map(({ name, protocol }) => `${name}:${protocol}`),
      'CONTROLLER:PLAINTEXT',
    ]),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'default.replication.factor': String(count),
    'min.insync.replicas': String(Math.min(count, 2)),
    'num.partitions': '3',
    'auto.create.topics.enable': 'false',
    ...offsets,
    ...copies('transaction.state.log'),
    ...copies('share.coordinator.state.topic'),
    // A node that died is known to be dead soon; it can be back, and register, only then.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    // A busy machine may need longer than a minute for that.
    'initial.broker.registration.timeout.ms': '300000',
    // Groups of tests come and go; the defaults are 45 s, and 5 s for a heartbeat.
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '500',
    'group.consumer.min.session.timeout.ms': '500',
    'group.consumer.session.timeout.ms': '6000',
    'group.consumer.min.heartbeat.interval.ms': '100',
    'group.consumer.heartbeat.interval.ms': '500',
    // A heap of 96 MB, and thousands of partitions on the disk of a test machine.
    'log.cleaner.dedupe.buffer.size': '4194304',
    'log.index.size.max.bytes': '1048576',
  };
}

/** TLS and users for a node with its files in `home`. */
async function certificateIn(home: string, authority: TestAuthority) {
  const { ca, cert, key } = await authority.issue(['localhost']);
  const [keyStore, trustStore] = [join(home, 'key-and-certificate.pem'), join(home, 'authority.pem')];
  await writeFile(keyStore, `${key}\n${cert}`, { mode: 0o600 });
  await writeFile(trustStore, ca);
  const plain = `org.apache.kafka.common.security.plain.PlainLoginModule required ${Object.entries(users)
    .map(([name, password]) => `user_${name}="${password}"`)
    .join(' ')};`;
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  const logins = ['sasl_plaintext', 'sasl_ssl'].flatMap((listener) => [
    [`listener.name.${listener}.plain.sasl.jaas.config`, plain],
    [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`, scram],
  ]);
  return {
    ca,
    settings: {
      'ssl.keystore.type': 'PEM',
      'ssl.keystore.location': keyStore,
      'ssl.truststore.type': 'PEM',
      'ssl.truststore.location': trustStore,
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-512',
      ...Object.fromEntries(logins),
      'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
      // The nodes themselves, and whoever enters without a password.
      'super.users': 'User:admin;User:ANONYMOUS',
    },
  };
}
