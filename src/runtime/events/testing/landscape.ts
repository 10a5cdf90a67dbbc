/** A few modules with messaging on real databases, to see what their deliveries did. */
import { z } from 'zod';
import { silentLogger, testDatabase, type TestDatabase } from '../../../../tests/support/postgres.ts';
import { systemClock } from '#platform/clock.ts';
import { event, type EventDefinition, type PayloadOf } from '#platform/contract.ts';
import { type ConnectionSettings, PostgresDatabase } from '../../database/postgres-database.ts';
import { Deadline } from '#platform/deadline.ts';
import type { Delivery, Reaction } from '#platform/module.ts';
import { Metrics } from '../../observability/metrics.ts';
import { createMessaging, type Messaging, type MessagingLimits, type MessagingOptions } from '../../messaging.ts';
import type { Transport } from '../transport.ts';

export const happened = event('orders.happened', 1, { key: 'id', payload: z.object({ id: z.string(), n: z.int() }) });

/** Short waits, for tests of waiting and sweeping. */
export const impatient: Partial<MessagingLimits> = {
  deliveries: 4,
  sweep: 100,
  firstPause: 5,
  longestPause: { delivery: 40, step: 40, undo: 40 },
};

export interface Reacting {
  readonly event?: EventDefinition;
  readonly react?: (payload: PayloadOf<typeof happened>, delivery: Delivery) => Promise<void> | void;
}

export interface TestProgram {
  readonly orders: Messaging;
  readonly users: Messaging;
  readonly databases: { readonly orders: PostgresDatabase; readonly users: PostgresDatabase };
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
  /** By name; reactions of the users module. Their effects are noted in `effects`. */
  readonly reactions?: Readonly<Record<string, Reacting>>;
  readonly limits?: Partial<MessagingLimits>;
  /** Ports that lead to the databases by a link that can break. */
  readonly ordersPort?: number;
  readonly usersPort?: number;
  readonly logger?: MessagingOptions['logger'];
}

export class Landscape {
  readonly orders: TestDatabase;
  readonly users: TestDatabase;
  readonly #programs = new Set<TestProgram>();

  private constructor(orders: TestDatabase, users: TestDatabase) {
    this.orders = orders;
    this.users = users;
  }

  static async create(): Promise<Landscape> {
    const [orders, users] = await Promise.all([testDatabase('orders'), testDatabase('users')]);
    await users.database.query('create table effects (seq bigserial primary key, subscription text, id text, n int, attempt int)');
    return new Landscape(orders, users);
  }

  /** One instance: a program of two modules, orders announcing and users reacting. */
  async start({ transport, die = () => {}, reactions = {}, limits, ordersPort, usersPort, logger = silentLogger }: ProgramOptions): Promise<TestProgram> {
    const ordersConnection = { ...this.orders.connection, port: ordersPort ?? this.orders.connection.port };
    const usersConnection = { ...this.users.connection, port: usersPort ?? this.users.connection.port };
    const [ordersDatabase, usersDatabase] = [open('orders', ordersConnection), open('users', usersConnection)];
    const metrics = new Metrics();
    const common = { transport, logger, metrics, clock: systemClock, sagas: [], schedules: [], limits: { ...impatient, ...limits } };
    const orders = createMessaging({
      ...common,
      module: 'orders',
      database: ordersDatabase,
      connection: ordersConnection,
      reactions: [],
    });
    const users = createMessaging({
      ...common,
      module: 'users',
      database: usersDatabase,
      connection: usersConnection,
      reactions: Object.entries(reactions).map(([name, reacting]) => ({
        name,
        event: reacting.event ?? happened,
        handle: () => noting(usersDatabase, name, reacting) as Reaction<never>,
      })),
    });
    await transport.start();
    await orders.start();
    await users.start();

    const announceAs = (definition: EventDefinition, ...payloads: Record<string, unknown>[]) =>
      ordersDatabase.transaction(async () => {
        for (const payload of payloads) orders.outbox.add(definition, payload);
      });
    const close = async () => {
      this.#programs.delete(program);
      await Promise.all([orders.stop(), users.stop()]);
      await transport.stop();
      await Promise.all([ordersDatabase.close(), usersDatabase.close()]);
    };
    const program: TestProgram = {
      orders,
      users,
      databases: { orders: ordersDatabase, users: usersDatabase },
      metrics,
      announce: (...events) => announceAs(happened, ...events),
      announceAs,
      stop: async () => {
        await Promise.all([orders, users].map((messaging) => messaging.drain(new Deadline(2_000))));
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
    await Promise.all([this.orders, this.users].map(({ sql }) => sql(cut, [application])));
  }

  async effects(): Promise<{ subscription: string; id: string; n: number; attempt: number }[]> {
    return (await this.users.sql('select subscription, id, n, attempt from users.effects order by seq')).rows;
  }

  async inbox(): Promise<Record<string, unknown>[]> {
    return (await this.users.sql('select * from users.inbox order by subscription, position')).rows;
  }

  async unpublished(): Promise<number> {
    return Number((await this.orders.sql('select count(*) from orders.outbox where published_at is null')).rows[0].count);
  }

  async drop(): Promise<void> {
    for (const program of this.#programs) await program.crash();
    await Promise.all([this.orders.drop(), this.users.drop()]);
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
