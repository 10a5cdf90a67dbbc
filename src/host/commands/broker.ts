/** `broker`: what a broker has to be told so that each process has a user there, with the rights of its modules only. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { brokerOf } from '../brokers.ts';
import type { Answer, Command, CommandLine } from '../command.ts';
import { moduleVariable, readConfiguration } from '../configuration.ts';
import { subscriptionsOf } from '../event-transport.ts';
import { findModules, loadModules } from '../modules.ts';
import { StartupError } from '../startup-error.ts';
import { readTopology } from '../topology/topology.ts';
import { gateway } from '../topology/topology-file.ts';

const defaultBroker = 'amqp://127.0.0.1:5672';

export const command: Command = {
  takes: ['[FOLDER]'],
  summary: 'make a broker user for each process, with the rights of its modules',
  description: `
Writes what the broker of EVENTS_URL (RabbitMQ without one) has to be told so that no process can publish the events of
another's modules: exchanges and queues, or topics, and a user for each module and the gateway, or with --topology for each
process of the file. A user may publish the events of its modules, and read what their reactions need. FOLDER is
DATA_DIR/broker unless given. Existing passwords stay: after an upgrade, or for another topology, run it again, and have the
broker read it again.

  definitions.json  for RabbitMQ: rabbitmqctl import_definitions < FOLDER/definitions.json
  definitions.sh    for Kafka, with its tools on the path: sh FOLDER/definitions.sh HOST:PORT ADMIN.properties
  events.env        the EVENTS_URL of each process, as <PROCESS>_EVENTS_URL; "topology" reads the file as it is`,
  flags: { '--topology <FILE>': 'for the processes of this topology' },
  json: '{"definitions", "urls"}: the files',
  settings: ['DATA_DIR', 'EVENTS_URL'],
  run: broker,
};

/** The form in which each kind of broker takes its definitions. */
const forms = {
  RabbitMQ: {
    file: 'definitions.json',
    apply: (file: string) => `rabbitmqctl import_definitions < ${file}`,
    load: () => import('#runtime/events/rabbitmq/definitions.ts'),
  },
  Kafka: {
    file: 'definitions.sh',
    apply: (file: string) => `sh ${file} HOST:PORT ADMIN.properties, with the tools of Kafka on the path`,
    load: () => import('#runtime/events/kafka/definitions.ts'),
  },
};

/** A user for each process of the topology, or for each module and the gateway. Passwords that lie in the folder stay. */
async function broker({ environment, topology }: CommandLine, folder?: string): Promise<Answer> {
  const { dataDir, eventsUrl = defaultBroker } = readConfiguration(environment);
  const target = resolve(folder ?? join(dataDir, 'broker'));
  const names = await findModules();
  const processes: ReadonlyMap<string, readonly string[]> =
    topology === undefined
      ? new Map([gateway, ...names].map((name) => [name, [name]]))
      : new Map(
          (await readTopology(topology, names, environment)).processes.map((entry) => [entry.name, entry.modules]),
        );

  const urlsFile = join(target, 'events.env');
  const known = await passwordsIn(urlsFile);
  const users = [...processes].map(([name, modules]) => ({
    process: name,
    password: known.get(moduleVariable(name, 'EVENTS_URL')) ?? randomBytes(24).toString('base64url'),
    modules: modules.filter((module) => module !== gateway),
  }));
  const subscriptions = (await loadModules(names)).flatMap(subscriptionsOf);
  const { file, apply, load } = forms[brokerOf(eventsUrl).kind];
  const { brokerDefinitions } = await load();
  const { text, urls } = brokerDefinitions({ url: eventsUrl, modules: names, subscriptions, users });
  const definitionsFile = join(target, file);
  await mkdir(target, { recursive: true, mode: 0o700 });
  await replace(definitionsFile, text);
  await replace(
    urlsFile,
    users.map(({ process }, index) => `${moduleVariable(process, 'EVENTS_URL')}=${urls[index]}\n`).join(''),
  );
  const lines = [
    `${definitionsFile}: for the broker: ${apply(definitionsFile)}`,
    `${urlsFile}: for each process its EVENTS_URL; --topology takes them as they are`,
  ];
  return { lines, json: { definitions: definitionsFile, urls: urlsFile } };
}

/** By variable; empty where there is no such file yet. */
async function passwordsIn(file: string): Promise<ReadonlyMap<string, string>> {
  try {
    const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
    return new Map(lines.map(passwordIn));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw new StartupError(
      `${file} cannot be read: ${(error as Error).message}. Mend it, or move it away to get new passwords.`,
      { cause: error },
    );
  }
}

function passwordIn(line: string): readonly [variable: string, password: string] {
  const { variable, password } = /^(?<variable>\w+)=.*:\/\/[^:@/]*:(?<password>[^@/]+)@/.exec(line)?.groups ?? {};
  if (variable === undefined || password === undefined) throw new Error('a line has no URL with a password');
  return [variable, password];
}

/** Whole or not at all, and readable by nobody else. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
