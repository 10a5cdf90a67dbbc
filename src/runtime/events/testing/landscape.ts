/** A few modules with messaging on real databases, to see what their deliveries did. */
import { z } from 'zod';
import { silentLogger, libraryDatabase, type TestDatabase } from '../../../../tests/support/postgres.ts';
import { systemClock } from '#platform/clock.ts';
import { event, type EventDefinition, type PayloadOf } from '#platform/contract.ts';
import { type ConnectionSettings, PostgresDatabase } from '../../database/postgres-database.ts';
import { Deadline } from '#platform/deadline.ts';
import type { Beginning, Delivery, Reaction } from '#platform/module.ts';
import { Metrics } from '../../observability/metrics.ts';
import { createMessaging, type Messaging, type MessagingLimits, type MessagingOptions } from '../../messaging.ts';
import type { Transport } from '../transport.ts';

export const happened = event('library.happened', 1, { key: 'id', payload: z.object({ id: z.string(), n: z.int() }) });

/** Short waits, for tests of waiting and sweeping. */
export const impatient: Partial<MessagingLimits> = {
  deliveries: 4,
  sweep: 100,
  firstPause: 5,
  longestMailPause: 40,
  longestPause: { delivery: 40, step: 40, undo: 40 },
};

export interface Reacting {
  readonly event?: EventDefinition;
  readonly from?: Beginning;
  readonly react?: (payload: PayloadOf<typeof happened>, delivery: Delivery) => Promise<void> | void;
}

export interface TestProgram {
  readonly library: Messaging;
  readonly readers: Messaging;
  readonly databases: { readonly library: PostgresDatabase; readonly readers: PostgresDatabase };
  readonly metrics: Metrics;
  /** Announces events of one transaction. */
  announce(...events: PayloadOf<typeof happened>[]): Promise<void>;
  announceAs(event: EventDefinition, payload: Record<string, unknown>): Promise<void>;
  stop(): Promise<void>;
  /** Every connection is cut, whatever was under way. */
  crash(): Promise<void>;
}

export interface ProgramOptions {
  readonly transport: Transport;
  /** Takes the transport away from it, as the death of its process would. */
  readonly die?: () => void;
  /** By name; reactions of the readers module. Their effects are noted in `effects`. */
  readonly reactions?: Readonly<Record<string, Reacting>>;
  readonly limits?: Partial<MessagingLimits>;
  /** Ports that lead to the databases by a link that can break. */
  readonly libraryPort?: number;
  readonly readersPort?: number;
  readonly logger?: MessagingOptions['logger'];
  readonly tracing?: MessagingOptions['tracing'];
}

export class Landscape {
  readonly library: TestDatabase;
  readonly readers: TestDatabase;
  readonly #programs = new Set<TestProgram>();

  private constructor(library: TestDatabase, readers: TestDatabase) {
    this.library = library;
    this.readers = readers;
  }

  static async create(): Promise<Landscape> {
    const [library, readers] = await Promise.all([libraryDatabase(), libraryDatabase('readers')]);
    await readers.database.query(
      'create table effects (seq bigserial primary key, subscription text, id text, n int, attempt int)',
    );
    return new Landscape(library, readers);
  }

  /** One instance: a program of two modules, library announcing and readers reacting. */
  async start({
    transport,
    die = () => {},
    reactions = {},
    limits,
    libraryPort,
    readersPort,
    logger = silentLogger,
    tracing,
  }: ProgramOptions): Promise<TestProgram> {
    const libraryConnection = { ...this.library.connection, port: libraryPort ?? this.library.connection.port };
    const readersConnection = { ...this.readers.connection, port: readersPort ?? this.readers.connection.port };
    const databases = { library: open('library', libraryConnection), readers: open('readers', readersConnection) };
    const metrics = new Metrics();
    const common = {
      transport,
      logger,
      tracing,
      metrics,
      clock: systemClock,
      sagas: [],
      schedules: [],
      limits: { ...impatient, ...limits },
    };
    const library = createMessaging({
      ...common,
      module: 'library',
      database: databases.library,
      connection: libraryConnection,
      reactions: [],
    });
    const readers = createMessaging({
      ...common,
      module: 'readers',
      database: databases.readers,
      connection: readersConnection,
      reactions: Object.entries(reactions).map(([name, reacting]) => ({
        name,
        event: reacting.event ?? happened,
        ...(reacting.from && { from: reacting.from }),
        handle: () => noting(databases.readers, name, reacting) as Reaction<never>,
      })),
    });
    await transport.start();
    await library.start();
    await readers.start();

    const announceAs = (definition: EventDefinition, ...payloads: Record<string, unknown>[]) =>
      databases.library.transaction(async () => {
        for (const payload of payloads) library.outbox.add(definition, payload);
      });
    const close = async () => {
      this.#programs.delete(program);
      await Promise.all([library.stop(), readers.stop()]);
      await transport.stop();
      await Promise.all([databases.library.close(), databases.readers.close()]);
    };
    const program: TestProgram = {
      library,
      readers,
      databases,
      metrics,
      announce: (...events) => announceAs(happened, ...events),
      announceAs,
      stop: async () => {
        await Promise.all([library, readers].map((messaging) => messaging.drain(new Deadline(2_000))));
        await close();
      },
      crash: async () => {
        die();
        // Work that hangs in this program hangs for ever, so nobody waits for it.
        void close().catch(() => {});
        await this.cutConnections();
      },
    };
    this.#programs.add(program);
    return program;
  }

  /** Cuts the connections of every program, those that say who lives included. */
  cutConnections(): Promise<void> {
    return this.#cut('%');
  }

  /** The sessions that say that instances live; everything else stays connected. */
  cutOwnership(): Promise<void> {
    return this.#cut('%ownership');
  }

  async #cut(application: string): Promise<void> {
    const cut = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and application_name like $1`;
    await Promise.all([this.library, this.readers].map(({ sql }) => sql(cut, [application])));
  }

  async effects(): Promise<{ subscription: string; id: string; n: number; attempt: number }[]> {
    return (await this.readers.sql('select subscription, id, n, attempt from readers.effects order by seq')).rows;
  }

  async inbox(): Promise<Record<string, unknown>[]> {
    return (await this.readers.sql('select * from readers.inbox order by subscription, position')).rows;
  }

  async unpublished(): Promise<number> {
    return Number(
      (await this.library.sql('select count(*) from library.outbox where published_at is null')).rows[0].count,
    );
  }

  async drop(): Promise<void> {
    for (const program of this.#programs) await program.crash();
    await Promise.all([this.library.drop(), this.readers.drop()]);
  }
}

const open = (schema: string, connection: ConnectionSettings) =>
  new PostgresDatabase({ schema, connection, poolSize: 8, logger: silentLogger });

const noting =
  (database: PostgresDatabase, name: string, { react }: Reacting) =>
  async (payload: PayloadOf<typeof happened>, delivery: Delivery): Promise<void> => {
    await database.query('insert into effects (subscription, id, n, attempt) values ($1, $2, $3, $4)', [
      name,
      payload.id,
      payload.n,
      delivery.attempt,
    ]);
    await react?.(payload, delivery);
  };

/** Until `condition` holds, or the test's patience is over. */
export async function until(condition: () => boolean | Promise<boolean>, patience = 60_000): Promise<void> {
  const end = performance.now() + patience;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`This did not become true in time: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A promise that never settles: what a crash or a hanging provider leaves. */
export const never = new Promise<never>(() => {});
