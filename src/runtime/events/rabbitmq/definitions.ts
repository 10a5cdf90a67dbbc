// ADR 0046
/**
 * All that a system has at the broker, as RabbitMQ imports it (https://www.rabbitmq.com/docs/definitions): exchanges,
 * queues, and a user for each process with the rights of its modules only.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { BrokerDefinitions, BrokerUser, System } from '../broker-definitions.ts';
import { ownerOf, type Subscription } from '../transport.ts';
import { quorumQueue, subscriptionQueue, Topology } from './topology.ts';

const prefix = 'fissile';

export function brokerDefinitions(system: System): BrokerDefinitions {
  const broker = new URL(system.url);
  const vhost = decodeURIComponent(broker.pathname.slice(1)) || '/';
  const users = system.users.map((user) => ({ ...user, name: `${vhost === '/' ? prefix : vhost}-${user.process}` }));
  return {
    text: `${JSON.stringify(definitions(vhost, system, users), null, 2)}\n`,
    urls: users.map(({ name, password }) => {
      const own = new URL(broker);
      own.username = encodeURIComponent(name);
      own.password = password;
      return own.href;
    }),
  };
}

type NamedUser = BrokerUser & { readonly name: string };

function definitions(vhost: string, { modules, subscriptions }: System, users: readonly NamedUser[]): object {
  const topology = new Topology(prefix, subscriptions, modules);
  const { broadcasts, unreadable } = topology;
  const exchange = (name: string, type: 'topic' | 'fanout') => ({
    name,
    vhost,
    type,
    durable: true,
    auto_delete: false,
    internal: false,
    arguments: {},
  });
  const queue = (name: string, { durable, arguments: given }: typeof quorumQueue) => ({
    name,
    vhost,
    durable,
    auto_delete: false,
    arguments: given,
  });
  const binding = (source: string, destination: string, key: string) => ({
    source,
    vhost,
    destination,
    destination_type: 'queue',
    routing_key: key,
    arguments: {},
  });
  return {
    vhosts: [{ name: vhost }],
    users: users.map(({ name, password }) => ({
      name,
      password_hash: hashOf(password),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: '',
    })),
    permissions: users.map((user) => ({ user: user.name, vhost, ...rightsOf(user, topology, subscriptions) })),
    exchanges: [
      exchange(broadcasts, 'fanout'),
      exchange(unreadable, 'fanout'),
      ...modules.map((module) => exchange(topology.exchangeOf(module), 'topic')),
    ],
    queues: [
      queue(unreadable, quorumQueue),
      ...subscriptions.map(({ name }) => queue(topology.queueOf(name), subscriptionQueue)),
    ],
    bindings: [
      binding(unreadable, unreadable, ''),
      ...subscriptions.map(({ name, event }) =>
        binding(topology.exchangeOf(event.module), topology.queueOf(name), event.name),
      ),
    ],
  };
}

/**
 * Regular expressions on names. Its own: the exchanges and queues of its modules, and the queue that the broker names for
 * its broadcasts, which no other connection can use. Nobody may use the default exchange, which leads into every queue.
 */
function rightsOf({ modules }: BrokerUser, topology: Topology, subscriptions: readonly Subscription[]) {
  const { broadcasts, unreadable } = topology;
  const exchanges = (names: Iterable<string>) =>
    [...new Set(names)].map((module) => quoted(topology.exchangeOf(module)));
  const queues = modules.map((module) => `${quoted(topology.queueOf(`${module}.`))}.+`);
  const named = String.raw`amq\.gen-.+`;
  const heard = subscriptions.filter(({ name }) => modules.includes(ownerOf(name))).map(({ event }) => event.module);
  return {
    configure: oneOf([...exchanges(modules), ...queues, named]),
    write: oneOf([...exchanges(modules), ...queues, named, quoted(broadcasts), quoted(unreadable)]),
    read: oneOf([...exchanges(heard), ...queues, named, quoted(broadcasts)]),
  };
}

const quoted = (name: string) => name.replaceAll('.', String.raw`\.`);
const oneOf = (patterns: readonly string[]) => `^(${patterns.join('|')})$`;

/** As RabbitMQ stores it: four bytes of salt, and SHA-256 of these and the password. */
function hashOf(password: string): string {
  const salt = randomBytes(4);
  return Buffer.concat([salt, createHash('sha256').update(salt).update(password).digest()]).toString('base64');
}
