/** All of a module's asynchronous life: its outbox and inbox, its sagas, its mails, its schedules. */
import type { Clock } from '#platform/clock.ts';
import type { Database } from '#platform/database.ts';
import type { Deadline } from '#platform/deadline.ts';
import type { Logger } from '#platform/logger.ts';
import type { Mail } from '#platform/mail.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { SagaDefinition, SagaImplementation, Sagas } from '#platform/sagas.ts';
import { Ownership } from './background/ownership.ts';
import { pruneAll } from './background/prune.ts';
import { Scheduler } from './background/scheduler.ts';
import { Sweeper } from './background/sweeper.ts';
import { Consumer, type Subscriber } from './events/consumer.ts';
import { DatabaseOutbox } from './events/database-outbox.ts';
import { DeadLetters } from './events/dead-letters.ts';
import { Dispatcher } from './events/dispatcher.ts';
import { InboxTable } from './events/inbox-table.ts';
import { OutboxTable } from './events/outbox-table.ts';
import type { Transport } from './events/transport.ts';
import type { ConnectionSettings } from './database/postgres-database.ts';
import { DatabaseMail } from './mail/database-mail.ts';
import { type ComposedMail, type MailLimits, MailSender } from './mail/mail-sender.ts';
import { MailTable } from './mail/mail-table.ts';
import type { Postman } from './mail/postman.ts';
import type { Metrics } from './observability/metrics.ts';
import type { Tracing } from './observability/spans.ts';
import { DatabaseSagas } from './sagas/database-sagas.ts';
import { SagaEngine } from './sagas/saga-engine.ts';
import { SagaTable } from './sagas/saga-table.ts';
import { within } from './within.ts';

export interface MessagingOptions {
  readonly module: string;
  readonly database: Database;
  /** For a session of its own on the module's database: while it lives, what this instance works on is left to it. */
  readonly connection: ConnectionSettings;
  readonly transport: Transport;
  /**
   * Names are stored, and unique in the whole system: `<module>.<name>`. The worker is asked for when it is
   * needed for the first time, so that it may itself depend on the outbox and sagas that are made here.
   */
  readonly reactions: readonly Subscriber[];
  readonly sagas: readonly { saga: SagaDefinition; implementation: () => SagaImplementation<never> }[];
  readonly mails?: readonly ComposedMail[];
  /** Takes the mails out; without one they wait in their table. */
  readonly postman?: Postman | undefined;
  readonly schedules: readonly { name: string; every: number; run: () => () => Promise<void> }[];
  readonly logger: Logger;
  readonly metrics: Pick<
    Metrics,
    | 'announced'
    | 'deliveries'
    | 'reactions'
    | 'steps'
    | 'endedSagas'
    | 'stepRetried'
    | 'mailTries'
    | 'mailEnded'
    | 'watchOutbox'
    | 'watchDeadLetters'
    | 'watchSagas'
    | 'watchMails'
    | 'watchOwnership'
  >;
  readonly tracing?: Tracing | undefined;
  readonly clock: Clock;
  readonly limits?: Partial<MessagingLimits>;
}

/** Times in milliseconds. */
export interface MessagingLimits extends MailLimits {
  /** Reactions of the module under way at once. Each has a connection, so well below the size of the pool. */
  readonly deliveries: number;
  /** Events held in memory; what is more waits in the outbox. */
  readonly eventsInMemory: number;
  /** Tries of a delivery before it is a dead letter. */
  readonly attempts: number;
  /** A reaction that takes longer has failed. */
  readonly reactionTimeout: number;
  /** Sagas under way at once. */
  readonly sagas: number;
  /** One try of a saga's step. */
  readonly stepTimeout: number;
  /** The first pause before another try; it doubles with every try, and a random part of it is waited. */
  readonly firstPause: number;
  /** The longest pause before another try of a delivery, of a step, and of undoing a step. */
  readonly longestPause: { readonly delivery: number; readonly step: number; readonly undo: number };
  /** Between two looks at what other instances left behind. */
  readonly sweep: number;
  /** How long what is finished is kept. */
  readonly retention: number;
}

export interface Messaging {
  readonly outbox: Outbox;
  readonly sagas: Sagas;
  readonly mail: Mail;
  readonly deadLetters: DeadLetters;
  /** Milliseconds that the saga whose turn is next has waited for it. */
  readonly longestWait: number;
  /** Sagas that this instance has in memory: under way, or waiting for their turn. */
  readonly sagasUnderWay: number;
  /**
   * Make the messaging of every module of the process before starting any, so that no event is published past a
   * subscriber. Events and sagas from before the start wait in their tables. Rejects when the database is not there.
   */
  start(): Promise<void>;
  /** Takes nothing new and finishes what is under way, until `deadline` at most. */
  drain(deadline: Deadline): Promise<void>;
  /** Lets go of everything at once; what was not finished is resumed by the next instance. Never rejects. */
  stop(): Promise<void>;
}

const defaults: MessagingLimits = {
  deliveries: 6,
  eventsInMemory: 2_000,
  attempts: 8,
  reactionTimeout: 30_000,
  sagas: 64,
  stepTimeout: 10_000,
  mails: 4,
  mailTimeout: 60_000,
  longestMailPause: 300_000,
  firstPause: 200,
  longestPause: { delivery: 60_000, step: 10_000, undo: 300_000 },
  sweep: 1_000,
  retention: 7 * 24 * 60 * 60_000,
};

/** For what a crash at an unlucky moment may have left, and what only a person can act on. */
const slowSweeps = 15;
const pruneEvery = 60 * 60_000;

export function createMessaging(options: MessagingOptions): Messaging {
  const { module, database, transport, logger, metrics, tracing, clock } = options;
  const limits = { ...defaults, ...options.limits };
  const ownership = new Ownership(options.connection, module, logger);

  const outboxTable = new OutboxTable(database);
  const dispatcher = new Dispatcher(outboxTable, transport, ownership, limits.eventsInMemory, logger, tracing);
  const outbox = new DatabaseOutbox(database, outboxTable, dispatcher, clock, metrics);

  const inboxTable = new InboxTable(database);
  const subscribers = options.reactions.map((reaction) => ({ ...reaction, handle: once(reaction.handle) }));
  const consumerLimits = { ...limits, longestPause: limits.longestPause.delivery };
  const consumer = new Consumer(database, inboxTable, subscribers, consumerLimits, logger, metrics, {
    tracing,
    system: transport.system,
  });
  for (const subscriber of subscribers) {
    transport.subscribe(subscriber, (envelope, again) => consumer.receive(subscriber, envelope, again));
  }
  const deadLetters = new DeadLetters(database);

  const sagaTable = new SagaTable(database);
  const registered = options.sagas.map(({ saga, implementation }) => ({ saga, implementation: once(implementation) }));
  const engine = new SagaEngine(database, sagaTable, ownership, registered, limits, logger, metrics, tracing);
  const sagas = new DatabaseSagas(database, sagaTable, engine);

  const mailTable = new MailTable(database);
  const mails = options.mails ?? [];
  const sender = new MailSender(
    mails.map(({ mail, compose }) => ({ mail, compose: once(compose) })),
    { database, table: mailTable, ownership, postman: options.postman, logger, metrics, tracing },
    limits,
  );
  const mail = new DatabaseMail(database, mailTable, sender);

  const tables = [outboxTable, inboxTable, sagaTable, mailTable];
  const prune = () =>
    pruneAll(
      tables.map((table) => table.prune.bind(table)),
      limits.retention,
    );
  const scheduler = new Scheduler(
    database,
    ownership,
    [
      ...options.schedules.map(({ name, every, run }) => {
        const made = once(run);
        return { name, every, run: async () => made()() };
      }),
      { name: `${module}.prune-messaging`, every: pruneEvery, run: prune },
    ],
    logger,
    tracing,
  );

  const parts = [dispatcher, consumer, engine, sender, scheduler];
  const sweeper = new Sweeper(
    limits.sweep,
    parts.map((part) => () => part.sweep()),
    logger,
  );
  const slowSweeper = new Sweeper(
    limits.sweep * slowSweeps,
    [() => consumer.sweepForgotten(), () => engine.sweepUnknown()],
    logger,
  );

  metrics.watchOwnership(module, () => ownership.losses);
  metrics.watchOutbox(module, () => outboxTable.lag());
  metrics.watchDeadLetters(async () => {
    const none = Object.fromEntries(subscribers.map(({ name }) => [name, 0]));
    return { ...none, ...(await deadLetters.count()) };
  });
  metrics.watchSagas(() => engine.counts());
  if (mails.length > 0) metrics.watchMails(module, () => mailTable.waiting());

  return {
    outbox,
    sagas,
    mail,
    deadLetters,
    get longestWait() {
      return engine.longestWait;
    },
    get sagasUnderWay() {
      return engine.underWay;
    },

    async start() {
      await ownership.start();
      for (const part of parts) await part.open();
      sweeper.start();
      slowSweeper.start();
    },

    async drain(deadline) {
      void sweeper.stop();
      void slowSweeper.stop();
      const done = Promise.all([engine.drain(), scheduler.drain(), consumer.drain(), sender.drain()]).then(() =>
        dispatcher.drain(),
      );
      await within(deadline.remaining, done, () => {});
    },

    async stop() {
      void sweeper.stop();
      void slowSweeper.stop();
      engine.stop();
      sender.stop();
      consumer.stop();
      dispatcher.stop();
      await ownership.stop();
    },
  };
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
