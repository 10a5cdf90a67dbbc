/** `broker`: what RabbitMQ imports so that each process has a user there, with the rights of its modules only. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { brokerDefinitions, type BrokerUser } from '#runtime/events/rabbitmq/definitions.ts';
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
  summary: 'make a RabbitMQ user for each process, with the rights of its modules',
  description: `
Writes definitions for RabbitMQ, with which no process can publish the events of another's modules: exchanges and queues, and
a user for each module and the gateway, or with --topology for each process of the file. A user may publish to the exchanges
of its modules, and read what their reactions need. FOLDER is DATA_DIR/broker unless given. Existing passwords stay: after an
upgrade, or for another topology, run it and import again.

  definitions.json  for the broker: rabbitmqctl import_definitions < FOLDER/definitions.json
  events.env        the EVENTS_URL of each process, as <PROCESS>_EVENTS_URL; "topology" reads the file as it is`,
  flags: { '--topology <FILE>': 'for the processes of this topology' },
  json: '{"definitions", "urls"}: the files',
  settings: ['DATA_DIR', 'EVENTS_URL'],
  run: broker,
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

  const url = new URL(eventsUrl);
  const vhost = decodeURIComponent(url.pathname.slice(1)) || '/';
  const [definitionsFile, urlsFile] = [join(target, 'definitions.json'), join(target, 'events.env')];
  const known = await passwordsIn(urlsFile);
  const users = [...processes].map(([name, modules]) => ({
    process: name,
    name: `${vhost === '/' ? 'fissile' : vhost}-${name}`,
    password: known.get(moduleVariable(name, 'EVENTS_URL')) ?? randomBytes(24).toString('base64url'),
    modules: modules.filter((module) => module !== gateway),
  }));
  const subscriptions = (await loadModules(names)).flatMap(subscriptionsOf);
  await mkdir(target, { recursive: true, mode: 0o700 });
  await replace(
    definitionsFile,
    `${JSON.stringify(brokerDefinitions({ vhost, modules: names, subscriptions, users }), null, 2)}\n`,
  );
  await replace(
    urlsFile,
    users.map((user) => `${moduleVariable(user.process, 'EVENTS_URL')}=${urlOf(user, url)}\n`).join(''),
  );
  const lines = [
    `${definitionsFile}: for the broker: rabbitmqctl import_definitions < ${definitionsFile}`,
    `${urlsFile}: for each process its EVENTS_URL; --topology takes them as they are`,
  ];
  return { lines, json: { definitions: definitionsFile, urls: urlsFile } };
}

function urlOf({ name, password }: BrokerUser, broker: URL): string {
  const url = new URL(broker);
  url.username = encodeURIComponent(name);
  url.password = encodeURIComponent(password);
  return url.href;
}

/** By variable; empty where there is no such file yet. */
async function passwordsIn(file: string): Promise<ReadonlyMap<string, string>> {
  try {
    const lines = (await readFile(file, 'utf8')).split('\n').filter(Boolean);
    return new Map(
      lines.map((line) => [
        line.slice(0, line.indexOf('=')),
        decodeURIComponent(new URL(line.slice(line.indexOf('=') + 1)).password),
      ]),
    );
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw new StartupError(
      `${file} cannot be read: ${(error as Error).message}. Mend it, or move it away to get new passwords.`,
      { cause: error },
    );
  }
}

/** Whole or not at all, and readable by nobody else. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
