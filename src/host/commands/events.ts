/** `events list|show|replay`: the deliveries that were given up, in the database of whichever module gave them up. */
import { styleText } from 'node:util';
import { DeadLetters } from '#platform/events/dead-letters.ts';
import { createLogger } from '#platform/observability/create-logger.ts';
import { readConfiguration, type Environment } from '../configuration.ts';
import { openDatabases } from '../databases.ts';
import { findModules, selectModules } from '../modules.ts';
import { Opened } from '../opened.ts';
import { UsageError } from '../usage-error.ts';

type ByModule = ReadonlyMap<string, DeadLetters>;

export async function events(environment: Environment, args: readonly string[], json: boolean): Promise<number> {
  const run = chosen(args, json);
  const configuration = readConfiguration(environment);
  const logger = createLogger({ level: 'silent', format: 'json' });
  const allModules = await findModules();
  const { modules } = selectModules(allModules, configuration.modules);
  const announce = (line: string) => void process.stderr.write(`${line}\n`);
  const opened = new Opened(logger);
  try {
    const databases = await openDatabases({ configuration, environment, modules, allModules, logger, announce, besideProgram: true }, opened);
    return await run(new Map([...databases.modules].map(([module, { database }]) => [module, new DeadLetters(database)])));
  } finally {
    await opened.closeAll();
  }
}

function chosen([action, ...rest]: readonly string[], json: boolean): (all: ByModule) => Promise<number> {
  const [subscription, eventId] = rest;
  if (action === 'list' && rest.length === 0) return (all) => list(all, json);
  if (subscription !== undefined && eventId !== undefined && rest.length === 2) {
    if (action === 'show') return (all) => show(lettersOf(subscription, all), subscription, eventId);
    if (action === 'replay') return (all) => replay(lettersOf(subscription, all), subscription, eventId);
  }
  throw new UsageError('Use: events list, events show <subscription> <event>, or events replay <subscription> <event>.');
}

/** A subscription's name begins with its module's. */
function lettersOf(subscription: string, all: ByModule): DeadLetters {
  const letters = all.get(subscription.slice(0, subscription.indexOf('.')));
  if (!letters) throw new UsageError(`There is no subscription "${subscription}".`);
  return letters;
}

async function list(all: ByModule, json: boolean): Promise<number> {
  const found = (await Promise.all([...all.values()].map((letters) => letters.list({ limit: 1000 })))).flat();
  if (json) {
    console.log(JSON.stringify(found.map(({ subscription, eventId, receivedAt, attempts, error }) => ({ subscription, eventId, receivedAt, attempts, error }))));
    return 0;
  }
  for (const { subscription, eventId, receivedAt, attempts, error } of found) {
    console.log(`${styleText('bold', subscription)} ${eventId}  ${receivedAt.toISOString()}  ${attempts} tries  ${firstLine(error)}`);
  }
  if (found.length === 0) console.log('No delivery was given up.');
  return 0;
}

async function show(letters: DeadLetters, subscription: string, eventId: string): Promise<number> {
  const found = await letters.get(subscription, eventId);
  if (!found) return notThere(subscription, eventId);
  console.log(JSON.stringify(found, null, 2));
  return 0;
}

async function replay(letters: DeadLetters, subscription: string, eventId: string): Promise<number> {
  if (!(await letters.replay(subscription, eventId))) return notThere(subscription, eventId);
  console.log('It is delivered once more as soon as the program runs, within a second if it runs now.');
  return 0;
}

function notThere(subscription: string, eventId: string): number {
  console.error(`${subscription} has not given up an event ${eventId}. "events list" shows those it has.`);
  return 1;
}

const firstLine = (text: string) => text.split('\n', 1)[0]!;
