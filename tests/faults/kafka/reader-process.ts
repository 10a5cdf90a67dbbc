/**
 * A process of its own that reacts to what is counted, for tests to kill, to hang and to stop: the readers module with
 * its inbox in PostgreSQL. Its argument is `ReaderOptions` as JSON. It says when it is ready, and what it logs.
 */
import { inspect } from 'node:util';
import { systemClock } from '#platform/clock.ts';
import { Deadline } from '#platform/deadline.ts';
import type { PayloadOf } from '#platform/contract.ts';
import { type ConnectionSettings, PostgresDatabase } from '#runtime/database/postgres-database.ts';
import { KafkaTransport } from '#runtime/events/kafka/kafka-transport.ts';
import { createMessaging } from '#runtime/messaging.ts';
import { Metrics } from '#runtime/observability/metrics.ts';
import { type counted, subscription } from './counted.ts';

export interface ReaderOptions {
  readonly connection: ConnectionSettings;
  readonly transport: { readonly url: string; readonly prefix: string; readonly instance?: string };
}

const say = (line: string, details?: object) =>
  console.log(new Date().toISOString(), line, details ? inspect(details, { breakLength: Infinity }) : '');
const logger = { debug() {}, info: say, warn: say, error: say };
const { connection, transport: options } = JSON.parse(process.argv[2]!) as ReaderOptions;
const metrics = new Metrics();
const database = new PostgresDatabase({ schema: 'readers', connection, poolSize: 8, logger });
const transport = new KafkaTransport({ ...options, subscriptions: [], modules: ['readers'], logger, metrics });
const note = async ({ id, n }: PayloadOf<typeof counted>) =>
  void (await database.query('insert into effects (subscription, id, n) values ($1, $2, $3)', ['count', id, n]));
const readers = createMessaging({
  module: 'readers',
  database,
  connection,
  transport,
  reactions: [{ ...subscription, handle: () => note }],
  sagas: [],
  schedules: [],
  logger,
  metrics,
  clock: systemClock,
});
process.once('SIGTERM', () => void stop());
await transport.start();
await readers.start();
say('Ready.');

async function stop(): Promise<void> {
  await readers.drain(new Deadline(10_000));
  await readers.stop();
  await transport.stop();
  await database.close();
  process.exit();
}
