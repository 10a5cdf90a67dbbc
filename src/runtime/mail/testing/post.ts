/** Instances of one module that sends mail, on one real database, to crash and to compare. */
import { z } from 'zod';
import { libraryDatabase, silentLogger, type TestDatabase } from '../../../../tests/support/postgres.ts';
import { systemClock } from '#platform/clock.ts';
import { Deadline } from '#platform/deadline.ts';
import type { Logger } from '#platform/logger.ts';
import { type Compose, mail, type MailDefinition } from '#platform/mail.ts';
import { PostgresDatabase } from '../../database/postgres-database.ts';
import { impatient } from '../../events/testing/landscape.ts';
import { MemoryTransport } from '../../events/memory/memory-transport.ts';
import { createMessaging, type Messaging, type MessagingLimits } from '../../messaging.ts';
import { Metrics } from '../../observability/metrics.ts';
import type { Postman } from '../postman.ts';

const hour = 60 * 60_000;
export const overdue = mail('library.overdue', z.object({ reader: z.string() }), {
  purpose: 'reminding of books',
  usefulFor: hour,
});

export interface Office {
  readonly database: PostgresDatabase;
  readonly messaging: Messaging;
  readonly metrics: Metrics;
  /** Adds mails in one transaction. */
  add(...readers: string[]): Promise<void>;
  stop(): Promise<void>;
  /** Its connections are cut and its postman is not heard any more. */
  crash(): Promise<void>;
}

interface OfficeOptions {
  readonly postman?: Postman | undefined;
  readonly mail?: MailDefinition<typeof overdue.data>;
  readonly compose?: Compose<typeof overdue>;
  readonly limits?: Partial<MessagingLimits>;
  readonly logger?: Logger;
}

export class Post {
  readonly test: TestDatabase;
  readonly #running = new Set<Office>();

  private constructor(test: TestDatabase) {
    this.test = test;
  }

  static create = async (): Promise<Post> => new Post(await libraryDatabase());

  async start({ postman, mail = overdue, compose = reminder, limits, logger = silentLogger }: OfficeOptions) {
    const { connection } = this.test;
    const database = new PostgresDatabase({ schema: 'library', connection, poolSize: 8, logger: silentLogger });
    const metrics = new Metrics();
    const messaging = createMessaging({
      module: 'library',
      database,
      connection,
      transport: new MemoryTransport(),
      reactions: [],
      sagas: [],
      schedules: [],
      mails: [{ mail, compose: () => compose as Compose<never> }],
      postman,
      logger,
      metrics,
      clock: systemClock,
      limits: { ...impatient, ...limits },
    });
    await messaging.start();
    const office: Office = {
      database,
      messaging,
      metrics,
      add: (...readers) =>
        database.transaction(async () => {
          for (const reader of readers) messaging.mail.add(mail, reader, { reader });
        }),
      stop: async () => {
        this.#running.delete(office);
        await messaging.drain(new Deadline(3_000));
        await messaging.stop();
        await database.close();
      },
      crash: async () => {
        this.#running.delete(office);
        await messaging.stop();
        void database.close().catch(() => {});
      },
    };
    this.#running.add(office);
    return office;
  }

  async rows(): Promise<Record<string, unknown>[]> {
    return (await this.test.sql('select * from library.mails order by id')).rows;
  }

  async states(): Promise<unknown[]> {
    return (await this.rows()).map(({ state }) => state);
  }

  async drop(): Promise<void> {
    for (const office of this.#running) await office.crash();
    await this.test.drop();
  }
}

export const reminder: Compose<typeof overdue> = async ({ reader }) => ({
  to: `${reader}@example.com`,
  subject: 'Your books',
  text: `Dear ${reader}, bring them back.`,
  html: `<p>Dear ${reader}, bring them back.</p>`,
});
