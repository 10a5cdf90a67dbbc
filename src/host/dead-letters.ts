/** The dead letters of stored data, for the commands `events list`, `show` and `replay`. */
import { DeadLetters } from '#runtime/events/dead-letters.ts';
import { createLogger } from '#runtime/observability/create-logger.ts';
import type { Answer, CommandLine } from './command.ts';
import { Opened } from './opened.ts';
import { openStoredData } from './stored-data.ts';
import { UsageError } from './usage-error.ts';

export type DeadLettersByModule = ReadonlyMap<string, DeadLetters>;

export async function withDeadLetters<T>(
  line: CommandLine,
  work: (all: DeadLettersByModule) => Promise<T>,
): Promise<T> {
  const opened = new Opened(createLogger({ level: 'silent', format: 'json' }));
  try {
    const databases = await openStoredData(line, opened);
    return await work(new Map([...databases].map(([module, database]) => [module, new DeadLetters(database)])));
  } finally {
    await opened.closeAll();
  }
}

/** Does `work` with one dead letter; answers with exit code 1 where there is none, for which `work` resolves with undefined. */
export const withDeadLetter = (
  line: CommandLine,
  [subscription, eventId]: readonly [subscription: string, eventId: string],
  work: (letters: DeadLetters) => Promise<Answer | undefined>,
): Promise<Answer | number> =>
  withDeadLetters(line, async (all) => {
    const letters = lettersOf(subscription, all);
    const answer = uuid.test(eventId) ? await work(letters) : undefined;
    if (answer) return answer;
    console.error(`${subscription} has not given up an event ${eventId}. "events list" shows those it has.`);
    return 1;
  });

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A subscription's name begins with its module's. */
function lettersOf(subscription: string, all: DeadLettersByModule): DeadLetters {
  const letters = all.get(subscription.split('.', 1)[0]!);
  if (!letters)
    throw new UsageError(
      `There is no subscription "${subscription}". There are modules with data: ${[...all.keys()].join(', ')}.`,
    );
  return letters;
}
