// ADR 0046
/**
 * All that a system has in a Kafka cluster, as a script for the tools that come with Kafka: topics, where subscriptions
 * begin, and a user for each process with the rights of its modules only.
 */
import type { BrokerDefinitions, BrokerUser, System } from '../broker-definitions.ts';
import { brokerAddress } from './broker-address.ts';
import { ownerOf } from '../transport.ts';
import { Topics } from './topics.ts';

const prefix = 'fissile';

const head = `#!/bin/sh
# Topics, rights and users in a Kafka cluster. It can be run again at any time: what is there stays as it is.
#
#   sh definitions.sh HOST:PORT [FILE]
#
# FILE has the settings of a client that may do all of this, as the tools of Kafka read them. They have to be on the path.
# Where users are not made by the cluster itself (a managed Kafka), leave out the lines that begin with "user".
set -eu
server=$1 config=\${2-}
kafka() { # topics, acls, configs or consumer-groups, and arguments
  tool=kafka-$1; shift
  command -v "$tool" > /dev/null || tool=$tool.sh
  "$tool" --bootstrap-server "$server" \${config:+--command-config "$config"} "$@"
}
topic() { name=$1; shift; kafka topics --create --if-not-exists --topic "$name" "$@"; }
# Events that are announced from now on. A subscription that has begun keeps its place.
begin() { kafka consumer-groups --reset-offsets --to-current --execute --group "$1" --topic "$2"; }
allow() { kafka acls --add "$@"; }
user() { # NAME PASSWORD; passed on where no list of processes shows it
  printf 'SCRAM-SHA-512=password=%s\\n' "$2" |
    kafka configs --alter --entity-type users --entity-name "$1" --add-config-file /dev/stdin
}
`;

export function brokerDefinitions({ url, modules, subscriptions, users }: System): BrokerDefinitions {
  const address = brokerAddress(url);
  const topics = new Topics(prefix, address, subscriptions, modules);
  const rightsOf = (user: BrokerUser): string[] => {
    const who = each('allow-principal', [`User:${nameOf(user)}`]);
    const own = user.modules.map((module) => topics.eventsOf(module));
    const heard = subscriptions
      .filter(({ name }) => user.modules.includes(ownerOf(name)))
      .map(({ event }) => topics.eventsOf(event.module));
    const groups = user.modules.map((module) => topics.groupOf(`${module}.`));
    return [
      ...rights(who, 'Write', each('topic', own)),
      ...rights(who, 'Read', each('topic', heard)),
      ...rights(who, 'Read', each('group', groups), prefixed),
    ];
  };
  const everyone = each(
    'allow-principal',
    users.map((user) => `User:${nameOf(user)}`),
  );
  return {
    text: [
      head,
      ...topics.wanted.map(({ name, partitions, configs }) => {
        const given = each(
          'config',
          configs.map((config) => `${config.name}=${config.value}`),
        );
        return `topic ${name} --partitions ${partitions} --replication-factor ${address.replication} ${given}`;
      }),
      '',
      // Subscriptions that begin with history are left out: their own process commits where that is.
      ...subscriptions
        .filter(({ from }) => from === undefined)
        .map(({ name, event }) => `begin ${topics.groupOf(name)} ${topics.eventsOf(event.module)}`),
      '',
      `everyone='${everyone}'`,
      ...rights('$everyone', 'Describe', `--topic ${prefix}. --group ${prefix}.`, prefixed),
      ...rights('$everyone', 'Read --operation Write', `--topic ${topics.broadcasts}`),
      ...rights('$everyone', 'Write', `--topic ${topics.unreadable}`),
      ...users.flatMap(rightsOf),
      '',
      ...users.map((user) => `user ${nameOf(user)} ${user.password}`),
      '',
    ].join('\n'),
    urls: users.map((user) => urlFor(url, user)),
  };
}

const nameOf = ({ process }: BrokerUser) => `${prefix}-${process}`;
const prefixed = '--resource-pattern-type prefixed';
const each = (option: string, values: readonly string[]) =>
  [...new Set(values)].map((value) => `--${option} ${value}`).join(' ');
const rights = (who: string, operation: string, what: string, how = '') =>
  what === '' ? [] : [`allow ${who} --operation ${operation} ${what} ${how}`.trimEnd()];

function urlFor(url: string, user: BrokerUser): string {
  const [address, query] = url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('sasl', 'scram-sha-512');
  return `${address!.replace(/:\/\/(?:[^@/]*@)?/, `://${nameOf(user)}:${user.password}@`)}?${parameters}`;
}
