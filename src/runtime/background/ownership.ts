// ADR 0005
import { randomInt } from 'node:crypto';
import type { ConnectionSettings } from '../database/postgres-database.ts';
import { toolSettings } from '../database/session-settings.ts';
import { Session } from '../database/session.ts';
import type { Logger } from '#platform/logger.ts';
import { fullJitter } from './backoff.ts';
import { within } from '../within.ts';

/** The first key of the two-key advisory locks that say that an instance lives: "FISS" in ASCII. */
const lockNamespace = 0x46495353;
export const nobody = 0;

/**
 * The instances that live, as a subquery. A lock goes with its session, so PostgreSQL itself says who died; there
 * is no lease to renew and no clock to trust.
 */
export const liveOwners = `
  select objid::int8 from pg_locks
  where locktype = 'advisory' and classid = ${lockNamespace} and objsubid = 2 and granted
    and database = (select oid from pg_database where datname = current_database())`;

/**
 * The number under which this instance marks rows of a module's database as its own, and the session that proves
 * that the instance lives. When the session is lost so is the number: the first sweep takes over what it
 * marked, and this instance goes on under another number as soon as the database is back.
 *
 * Work begun under the old number may then be done by two instances at once. Nothing here prevents that; it is
 * harmless because every effect is fenced where it is stored: a reaction by its inbox row, a saga by its revision.
 */
export class Ownership {
  readonly #connection: ConnectionSettings;
  readonly #module: string;
  readonly #logger: Logger;
  readonly #heartbeat: number;
  /** How often the session was lost. */
  losses = 0;
  #owner = nobody;
  #client: Session | undefined;
  #pulse: NodeJS.Timeout | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stopped = false;

  /** `heartbeat`, in milliseconds: how often the session is asked for a sign of life, and how long that may take. */
  constructor(connection: ConnectionSettings, module: string, logger: Logger, heartbeat = 5_000) {
    this.#heartbeat = heartbeat;
    this.#connection = connection;
    this.#module = module;
    this.#logger = logger;
  }

  /** `nobody` while there is no session. */
  get owner(): number {
    return this.#owner;
  }

  /** Rejects when the database cannot be reached. */
  async start(): Promise<void> {
    await this.#open();
  }

  /** From now on others may take over. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    const client = this.#client;
    this.#forget();
    // One that does not answer does not take its leave either.
    if (client) await within(1_000, client.end(), () => {}).catch(() => {});
  }

  async #open(): Promise<void> {
    const client = new Session({
      ...this.#connection,
      settings: toolSettings,
      application_name: `fissile ${this.#module} ownership`,
      keepAlive: true,
      connectionTimeoutMillis: this.#heartbeat,
      query_timeout: this.#heartbeat,
    });
    // Without a listener a dropped connection would end the process.
    client.on('error', (error) => this.#lose(client, error));
    client.on('end', () => this.#lose(client, new Error('The connection was closed.')));
    try {
      await client.connect();
      const owner = await lock(client);
      if (this.#stopped) return void client.end().catch(() => {});
      this.#client = client;
      this.#owner = owner;
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
    this.#pulse = setInterval(() => void this.#beat(client), this.#heartbeat);
    this.#pulse.unref();
  }

  /** A connection can be dead without anybody saying so. */
  async #beat(client: Session): Promise<void> {
    try {
      await client.query('select 1');
    } catch (error) {
      this.#lose(client, error);
    }
  }

  #lose(client: Session, error: unknown): void {
    if (client !== this.#client) return;
    this.losses++;
    this.#forget();
    client.end().catch(() => {});
    this.#logger.warn("Lost the session that marks work as this instance's; others may take it over.", { error });
    this.#reopen(1);
  }

  #forget(): void {
    clearInterval(this.#pulse);
    this.#client = undefined;
    this.#owner = nobody;
  }

  #reopen(attempt: number): void {
    if (this.#stopped) return;
    const retry = () =>
      this.#open().then(
        () => this.#logger.info('This instance marks work as its own again.'),
        () => this.#reopen(attempt + 1),
      );
    this.#retry = setTimeout(() => void retry(), fullJitter(attempt, 200, 2_000));
  }
}

async function lock(client: Session): Promise<number> {
  for (;;) {
    const owner = randomInt(1, 2 ** 31);
    const { rows } = await client.query('select pg_try_advisory_lock($1, $2) as locked', [lockNamespace, owner]);
    if (rows[0].locked) return owner;
  }
}
