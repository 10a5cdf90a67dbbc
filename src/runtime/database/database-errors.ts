/** The meaning of a driver's error for the caller, and for the connection it came over. */
import pg from 'pg';
import { type Failure, platformErrors } from '#platform/errors.ts';

const serializationFailure = '40001';
const deadlockDetected = '40P01';
const readOnlyTransaction = '25006';
const lockNotAvailable = '55P03';
const transactionAborted = '25P02';
const undefinedPreparedStatement = '26000';
const featureNotSupported = '0A000';

/** The driver's own words for a connection that is gone; it has neither a class nor a code for them. */
const brokenConnection =
  /^(Connection terminated|Client (has encountered|was closed)|timeout e|Query read timeout|Cannot use a pool)/;

const isSystemError = (error: Error) => 'syscall' in error;

/** PostgreSQL undid the transaction for the sake of another; running it again makes sense. */
export const isConflict = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && (error.code === serializationFailure || error.code === deadlockDetected);

/** The statement did not run, because one before it in the same transaction had failed. */
export const failedWithTransaction = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === transactionAborted;

/**
 * The classes of PostgreSQL's errors that pass by themselves: connection (08), resources (53), shutdown and
 * timeouts (57), the server's machine (58). Read-only is what a failed-over primary answers until we reconnect.
 */
function passesByItself(error: pg.DatabaseError): boolean {
  const code = error.code ?? '';
  return (
    error.severity !== 'ERROR' ||
    /^(08|53|57|58)/.test(code) ||
    code === readOnlyTransaction ||
    code === lockNotAvailable
  );
}

export const unavailable = (cause: unknown): Failure => platformErrors.unavailable({ cause, retryAfter: 1 });

/** A database that cannot be reached or cannot cope is `unavailable`; everything else is for the caller to read. */
export function asFailure(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const outOfReach =
    error instanceof pg.DatabaseError
      ? passesByItself(error)
      : isSystemError(error) || brokenConnection.test(error.message);
  return outOfReach ? unavailable(error) : error;
}

/**
 * After a plain SQL error a connection is as good as before. After anything else it is not: the driver may be
 * out of step with the server, or with the prepared statements the server has.
 */
export function spoilsConnection(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError) || error.severity !== 'ERROR') return true;
  return [undefinedPreparedStatement, featureNotSupported, readOnlyTransaction].includes(error.code ?? '');
}
