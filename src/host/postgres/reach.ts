import { setTimeout as sleep } from 'node:timers/promises';
import { Deadline } from '#platform/deadline.ts';
import type { ConnectionSettings } from '#runtime/database/postgres-database.ts';
import { toolSettings, type SessionSettings } from '#runtime/database/session-settings.ts';
import { Session } from '#runtime/database/session.ts';
import { StartupError } from '../startup-error.ts';

/** Milliseconds; doubled without end, a time to connect overflows Node's timers, which then fire at once. */
const longestTry = 30_000;
const oldestVersion = 15;

const startingUp = '57P03';
const explanations: Record<string, string> = {
  '28P01': 'the user or the password is wrong',
  '28000': 'the server refuses this user',
  '3D000': 'there is no such database',
  '53300': 'the server has too many connections already',
  [startingUp]: 'it is starting',
  ECONNREFUSED: 'no server answers there',
  ENOENT: 'no server answers there',
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'no name server answers for that host',
  ECONNRESET: 'it ends the connection',
  EHOSTUNREACH: 'the host cannot be reached',
  ETIMEDOUT: 'it does not answer',
};

/**
 * Signs of a server that is about to start, or is being restarted: no name, no port or nobody behind a proxy's, no
 * answer in time, then that it is starting.
 */
const comesUp = ['EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENOENT', 'ETIMEDOUT', startingUp];
/** The same in words of pg, which has no codes for it. */
const comesUpInWords = /^(timeout expired|Connection terminated)/;

export interface Reaching {
  /** Milliseconds to wait for a server that does not answer yet. */
  readonly patience: number;
  /** Milliseconds for the first try to connect; each one after it may take twice as long. */
  readonly firstTry: number;
  /** Tells a person, once. */
  readonly say: (line: string) => void;
  readonly settings: SessionSettings;
}

const reaching: Reaching = {
  patience: 30_000,
  firstTry: 10_000,
  say: (line) => void process.stderr.write(`${line}\n`),
  settings: toolSettings,
};

/**
 * Connects, and says in one line why it cannot. `variable` is the setting that says where. A server that does not answer
 * yet is waited for: in a group of containers, database and program start together.
 */
export async function reach(
  connection: ConnectionSettings,
  variable: string,
  given: Partial<Reaching> = {},
): Promise<Session> {
  const { patience, firstTry, say, settings } = { ...reaching, ...given };
  const deadline = new Deadline(patience);
  for (let [told, timeout] = [false, firstTry]; ; told = true, timeout = Math.min(2 * timeout, longestTry)) {
    const client = new Session({
      ...connection,
      settings,
      application_name: 'fissile start',
      connectionTimeoutMillis: timeout,
    });
    // A connection that breaks later fails the statement that notices.
    client.on('error', () => {});
    try {
      await client.connect();
      await checkVersion(client, variable);
      return client;
    } catch (error) {
      await client.end().catch(() => {});
      if (error instanceof StartupError) throw error;
      const { code, message } = error as { code?: string; message: string };
      const place = `${client.host}:${client.port}, database ${client.database}, user ${client.user}`;
      const reason = explanations[code ?? ''] ?? (message === 'timeout expired' ? explanations.ETIMEDOUT! : message);
      if ((comesUp.includes(code ?? '') || comesUpInWords.test(message)) && deadline.remaining > 0) {
        if (!told)
          say(
            `${variable}: waiting ${patience / 1_000} s at most for PostgreSQL at ${client.host}:${client.port}: ${reason}.`,
          );
        await sleep(Math.min(200, deadline.remaining));
        continue;
      }
      throw new StartupError(`${variable}: cannot reach PostgreSQL at ${place}: ${reason}.`, { cause: error });
    }
  }
}

async function checkVersion(client: Session, variable: string): Promise<void> {
  const { rows } = await client.query<{ number: string; version: string }>(
    "SELECT current_setting('server_version_num') AS number, current_setting('server_version') AS version",
  );
  const [{ number, version } = { number: '0', version: 'unknown' }] = rows;
  if (Number(number) < oldestVersion * 10_000) {
    throw new StartupError(`${variable}: this is PostgreSQL ${version}; version ${oldestVersion} or later is needed.`);
  }
}
