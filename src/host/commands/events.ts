/** `events list|show|replay`: the deliveries that were given up, in the database of whichever module gave them up. */
import { styleText } from 'node:util';
import { DeadLetters, type DeadLetter } from '#runtime/events/dead-letters.ts';
import { createLogger } from '#runtime/observability/create-logger.ts';
import { Opened } from '../opened.ts';
import { openStoredData, type CommandLine } from '../stored-data.ts';
import { UsageError } from '../usage-error.ts';

type ByModule = ReadonlyMap<string, DeadLetters>;

const pageSize = 500;
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export async function events(line: CommandLine, args: readonly string[], json: boolean): Promise<number> {
  const run = chosen(args, json);
  const opened = new Opened(createLogger({ level: 'silent', format: 'json' }));
  try {
    const databases = await openStoredData(line, opened);
    return await run(new Map([...databases].map(([module, database]) => [module, new DeadLetters(database)])));
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
  const letters = all.get(subscription.split('.', 1)[0]!);
  if (!letters) throw new UsageError(`There is no subscription "${subscription}". There are modules with data: ${[...all.keys()].join(', ')}.`);
  return letters;
}

async function list(all: ByModule, json: boolean): Promise<number> {
  let count = 0;
  for await (const letter of everyLetter(all)) {
    const { subscription, eventId, receivedAt, attempts, error } = letter;
    if (json) process.stdout.write(`${count === 0 ? '[' : ','}\n${JSON.stringify({ subscription, eventId, receivedAt, attempts, error })}`);
    else console.log(`${styleText('bold', subscription)} ${eventId}  ${receivedAt.toISOString()}  ${attempts} tries  ${firstLine(error)}`);
    count++;
  }
  if (json) console.log(count === 0 ? '[]' : '\n]');
  else if (count === 0) console.log('No delivery was given up.');
  return 0;
}

/** Page by page: a module may have given up more than fits in memory. */
async function* everyLetter(all: ByModule): AsyncGenerator<DeadLetter> {
  for (const letters of all.values()) {
    let page: readonly DeadLetter[] = [];
    do yield* page = await letters.list({ limit: pageSize, ...(page.length > 0 && { after: page.at(-1)! }) });
    while (page.length === pageSize);
  }
}

async function show(letters: DeadLetters, subscription: string, eventId: string): Promise<number> {
  const found = uuid.test(eventId) ? await letters.get(subscription, eventId) : undefined;
  if (!found) return notThere(subscription, eventId);
  console.log(JSON.stringify(found, null, 2));
  return 0;
}

async function replay(letters: DeadLetters, subscription: string, eventId: string): Promise<number> {
  if (!uuid.test(eventId) || !(await letters.replay(subscription, eventId))) return notThere(subscription, eventId);
  console.log('It is delivered once more as soon as the program runs, within a second if it runs now.');
  return 0;
}

function notThere(subscription: string, eventId: string): number {
  console.error(`${subscription} has not given up an event ${eventId}. "events list" shows those it has.`);
  return 1;
}

const firstLine = (text: string) => text.split('\n', 1)[0]!;
