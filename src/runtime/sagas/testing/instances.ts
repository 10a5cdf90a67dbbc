/** Instances of one module with sagas on one real database, to crash and to compare. */
import { silentLogger, libraryDatabase, type TestDatabase } from '../../../../tests/support/postgres.ts';
import { systemClock } from '#platform/clock.ts';
import { PostgresDatabase } from '../../database/postgres-database.ts';
import { Deadline } from '#platform/deadline.ts';
import { MemoryTransport } from '../../events/memory/memory-transport.ts';
import { createMessaging, type Messaging, type MessagingLimits } from '../../messaging.ts';
import { impatient } from '../../events/testing/landscape.ts';
import type { Logger } from '#platform/logger.ts';
import { Metrics } from '../../observability/metrics.ts';
import type { Tracing } from '../../observability/spans.ts';
import type { SagaDefinition, SagaImplementation, Sagas } from '#platform/sagas.ts';

export interface Instance {
  readonly database: PostgresDatabase;
  readonly sagas: Sagas;
  readonly messaging: Messaging;
  readonly metrics: Metrics;
  /** Finishes what is under way. */
  stop(): Promise<void>;
  /** Its connections are cut; its code goes on, as that of an instance that was only believed dead would. */
  crash(): Promise<void>;
}

export interface InstanceOptions {
  readonly limits?: Partial<MessagingLimits>;
  readonly logger?: Logger;
  readonly tracing?: Tracing;
  /** To a port that leads to the database by a link that can break. */
  readonly port?: number;
}

export interface Registered {
  readonly saga: SagaDefinition;
  readonly implementation: SagaImplementation<never>;
}

export interface StepTools {
  /** Notes an effect in the database of the instance. */
  note(what: string): Promise<void>;
}

export class Instances {
  readonly test: TestDatabase;
  readonly #running = new Set<Instance>();

  private constructor(test: TestDatabase) {
    this.test = test;
  }

  static async create(): Promise<Instances> {
    const test = await libraryDatabase();
    await test.database.query('create table effects (seq bigserial primary key, what text not null)');
    return new Instances(test);
  }

  async start(
    sagas: (tools: StepTools) => readonly Registered[],
    { limits, logger = silentLogger, tracing, port }: InstanceOptions = {},
  ): Promise<Instance> {
    const connection = { ...this.test.connection, port: port ?? this.test.connection.port };
    const database = new PostgresDatabase({ schema: 'library', connection, poolSize: 8, logger: silentLogger });
    const note = async (what: string) => void (await database.query('insert into effects (what) values ($1)', [what]));
    const metrics = new Metrics();
    const messaging = createMessaging({
      module: 'library',
      database,
      connection,
      transport: new MemoryTransport(),
      reactions: [],
      sagas: sagas({ note }).map(({ saga, implementation }) => ({ saga, implementation: () => implementation })),
      schedules: [],
      logger,
      tracing,
      metrics,
      clock: systemClock,
      limits: { ...impatient, ...limits },
    });
    await messaging.start();
    const forget = () => this.#running.delete(instance);
    const instance: Instance = {
      database,
      sagas: messaging.sagas,
      messaging,
      metrics,
      stop: async () => {
        forget();
        await messaging.drain(new Deadline(3_000));
        await messaging.stop();
        await database.close();
      },
      crash: async () => {
        forget();
        await messaging.stop();
        // Work that hangs in it hangs for ever, so nobody waits for it.
        void database.close().catch(() => {});
      },
    };
    this.#running.add(instance);
    return instance;
  }

  async effects(): Promise<string[]> {
    return (await this.test.sql('select what from library.effects order by seq')).rows.map(({ what }) => what);
  }

  async row(id: string): Promise<Record<string, unknown>> {
    return (await this.test.sql('select * from library.sagas where id = $1', [id])).rows[0];
  }

  async state(id: string): Promise<string | undefined> {
    return (await this.row(id))?.state as string | undefined;
  }

  /** The sessions that say that instances live; everything else stays connected. */
  async cutOwnership(): Promise<void> {
    await this.test.sql(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like '%ownership'",
    );
  }

  async cutConnections(): Promise<void> {
    await this.test.sql(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
  }

  async drop(): Promise<void> {
    for (const instance of this.#running) await instance.crash();
    await this.cutConnections();
    await this.test.drop();
  }
}
