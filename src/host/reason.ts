/** One line for a failure whose cause lies outside of the program; undefined for one inside, whose stack is wanted. */
import pg from 'pg';
import { asFailure } from '#runtime/database/database-errors.ts';
import { Failure } from '#platform/errors.ts';
import { StartupError } from './startup-error.ts';

const insufficientPrivilege = '42501';

export function reasonOf(error: unknown): string | undefined {
  if (error instanceof StartupError) return error.message;
  if (error instanceof pg.DatabaseError)
    return isOurs(error) ? undefined : `PostgreSQL refuses this: ${oneLine(error)} (${error.code}).`;
  // The system's own words name what was tried and where.
  if (error instanceof Error && 'syscall' in error) return `${oneLine(error)}.`;
  const failure = asFailure(error);
  if (!(failure instanceof Failure) || failure.kind !== 'unavailable') return undefined;
  return `The database does not take this now${failure.cause instanceof Error ? `: ${oneLine(failure.cause)}` : ''}. Try again when it answers.`;
}

/** A statement that is wrong, which is a matter of the program's and not of the database's state. */
const isOurs = ({ code = '' }: pg.DatabaseError) => code.startsWith('42') && code !== insufficientPrivilege;

const oneLine = ({ message }: Error) => message.split('\n', 1)[0]!.replace(/\.$/, '');

/** Names the setting that leads to the database in the line that says what it refuses. */
export async function withVariable<T>(variable: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reason = error instanceof StartupError ? undefined : reasonOf(error);
    throw reason === undefined ? error : new StartupError(`${variable}: ${reason}`, { cause: error });
  }
}
