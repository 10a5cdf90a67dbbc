// ADR 0014
/**
 * Poolers between us and PostgreSQL, such as PgBouncer and those of hosted databases. In session mode one is like the
 * server itself. In transaction mode each transaction may be on another connection of the pooler's: what a session holds
 * (its settings, locks, prepared statements) is lost or somebody else's.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { ConnectionSettings } from '#runtime/database/postgres-database.ts';
import { moduleSettings, roleSettingStatements } from '#runtime/database/session-settings.ts';
import { Session } from '#runtime/database/session.ts';
import { StartupError } from '../startup-error.ts';
import { reach, type Reaching } from './reach.ts';

/** Where something leads, and the variable that says so. */
export interface Place {
  readonly connection: ConnectionSettings;
  readonly variable: string;
}

interface Pooling {
  /** A session lasts as long as its connection. */
  readonly lasts: boolean;
  /** A statement that was prepared is there whenever it is run. */
  readonly prepares: boolean;
}

/** Milliseconds to wait for a second connection of the pooler's. */
const patience = 10_000;
/** Errors of servers and poolers for a statement that is not prepared where it runs, is so already, or may not be at all. */
const notPrepared = ['26000', '42P05', '0A000', '08P01'];

/** Connects for what needs a session of its own. `directVariable` is the setting that leads past a pooler. */
export async function reachSession(
  { connection, variable }: Place,
  directVariable: string,
  given: Partial<Reaching> = {},
): Promise<Session> {
  const session = await reach(connection, variable, given);
  try {
    if (session.pooled && !(await poolingOf(session, connection, {})).lasts)
      throw withoutSessions(variable, directVariable);
    return session;
  } catch (error) {
    await session.end().catch(() => {});
    throw error;
  }
}

/** Looks at where a module's statements will go, and refuses a pooler that would lose the settings of its sessions. */
export async function checkPool(
  { connection, variable }: Place,
  module: string,
): Promise<{ readonly prepared: boolean }> {
  const settings = moduleSettings(module);
  const session = await reach(connection, variable, { settings });
  try {
    if (!session.pooled) return { prepared: true };
    const { lasts, prepares } = await poolingOf(session, connection, settings);
    if (lasts) return { prepared: true };
    const { rows } = await session.query<{ name: string; value: string }>(
      'SELECT name, reset_val AS value FROM pg_settings WHERE name = ANY ($1)',
      [Object.keys(settings)],
    );
    const lacking = Object.entries(settings).filter(
      ([name, value]) => rows.find((row) => row.name === name)?.value.replaceAll('"', '') !== value.replaceAll('"', ''),
    );
    if (lacking.length > 0) throw withoutSettings(variable, session, Object.fromEntries(lacking));
    return { prepared: prepares };
  } finally {
    await session.end();
  }
}

/**
 * Two sessions hold a connection each, and let go of them one after the other. In transaction mode the next to ask gets
 * the one that was let go last, or the one that was let go first; once each of the two is the first to ask.
 */
async function poolingOf(
  session: Session,
  connection: ConnectionSettings,
  settings: Readonly<Record<string, string>>,
): Promise<Pooling> {
  const other = new Session({
    ...connection,
    settings: { TimeZone: 'UTC', ...settings },
    application_name: 'fissile start',
    connectionTimeoutMillis: patience,
    query_timeout: patience,
  });
  other.on('error', () => {});
  const [one, two] = [session, other].map((each) => {
    const name = `fissile_${randomBytes(8).toString('hex')}`;
    return {
      each,
      process: async () =>
        (await each.query<{ process: number }>({ name, text: 'SELECT pg_backend_pid() AS process' })).rows[0]!.process,
    };
  }) as [Probe, Probe];
  try {
    await other.connect();
    for (const order of [
      [one, two],
      [two, one],
    ] as const) {
      const held = new Map<Probe, number>();
      for (const probe of [one, two]) {
        await probe.each.query('BEGIN');
        held.set(probe, await probe.process());
      }
      for (const { each } of [one, two]) await each.query('COMMIT');
      for (const probe of order)
        if ((await probe.process()) !== held.get(probe)) return { lasts: false, prepares: true };
    }
    return { lasts: true, prepares: true };
  } catch (error) {
    if (error instanceof pg.DatabaseError && notPrepared.includes(error.code ?? '')) {
      await session.query('ROLLBACK');
      return { lasts: false, prepares: false };
    }
    throw error;
  } finally {
    await other.end().catch(() => {});
  }
}

interface Probe {
  readonly each: Session;
  readonly process: () => Promise<number>;
}

function withoutSessions(variable: string, directVariable: string): StartupError {
  const reason = `${variable}: a pooler in transaction mode answers there, in which no session lasts, and migrations and the locks of a running program need one.`;
  return new StartupError(
    variable === directVariable
      ? `${reason} It must lead to the server itself.`
      : `${reason} Set ${directVariable} to the server itself beside it.`,
  );
}

function withoutSettings(
  variable: string,
  { role, database }: Session,
  settings: Readonly<Record<string, string>>,
): StartupError {
  const statements = roleSettingStatements(role ?? '', database ?? '', settings).join('; ');
  return new StartupError(
    `${variable}: a pooler in transaction mode answers there, which does not pass on what a session needs. Run this on the server, have the pooler reconnect (RECONNECT in PgBouncer's console), and start again: ${statements};`,
  );
}
