/**
 * The data of release 0.1.0: a shop whose program was killed while the tables payments.payments and users.inbox were locked.
 * Ada has an order that is paid, one that she cancelled after it had been paid, and one whose checkout has just begun. The
 * events of the cancellation and of Grace's registration are not published yet. Each schema as pg_dump wrote it, without
 * sessions and signing keys.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { connect as connectBroker, type Options } from 'amqplib';
import type pg from 'pg';
import { findModules, loadModules } from '../../src/host/modules.ts';
import { subscriptionsOf } from '../../src/host/event-transport.ts';
import { provision } from '../../src/host/postgres/provision.ts';
import { reach } from '../../src/host/postgres/reach.ts';
import { connect, freshDatabaseUrl } from './postgres.ts';

const folder = join(import.meta.dirname, 'last-release');
const stoppedAt = '2026-11-30T07:21:29Z';

export const passwordOf = (name: string) => `the long password of ${name}`;

export interface LastRelease {
  readonly url: string;
  readonly modules: readonly string[];
  /** Connected as superuser. */
  readonly client: pg.Client;
  /** Connects as the role of a module. */
  as(module: string): Promise<pg.Client>;
  drop(): Promise<void>;
}

export async function lastRelease(): Promise<LastRelease> {
  const modules = readdirSync(folder).map((file) => basename(file, '.sql'));
  const { url, drop } = await freshDatabaseUrl();
  const client = await connect(new URL(url).pathname.slice(1));
  const connections = await provision(client, modules);
  const as = (module: string) => reach(connections.get(module)!, 'DATABASE_URL');
  for (const module of modules) {
    const owner = await as(module);
    await owner.query(readFileSync(join(folder, `${module}.sql`), 'utf8'));
    await owner.end();
  }
  await moveToNow(client, modules);
  return {
    url,
    modules,
    client,
    as,
    async drop() {
      await client.end();
      await drop();
    },
  };
}

interface Message {
  readonly routingKey: string;
  readonly properties: Options.Publish;
  readonly content: string;
}

/**
 * As if its program had given the events that were not published to RabbitMQ, and nobody had read them yet: what it
 * made there, and what it put there, byte for byte.
 */
export async function giveToBroker({ client }: LastRelease, brokerUrl: string): Promise<void> {
  const file = join(import.meta.dirname, 'last-release-messages.json');
  const messages = JSON.parse(readFileSync(file, 'utf8')) as readonly Message[];
  const subscriptions = (await loadModules(await findModules())).flatMap(subscriptionsOf);
  const connection = await connectBroker(brokerUrl);
  const channel = await connection.createConfirmChannel();
  await channel.assertExchange('fissile.events', 'topic', { durable: true });
  for (const { routingKey, properties, content } of messages) {
    for (const { name } of subscriptions.filter(({ event }) => event.name === routingKey)) {
      await channel.assertQueue(`fissile.${name}`, {
        durable: true,
        arguments: { 'x-queue-type': 'quorum', 'x-single-active-consumer': true, 'x-delivery-limit': 2_000_000_000 },
      });
      await channel.bindQueue(`fissile.${name}`, 'fissile.events', routingKey);
    }
    channel.publish('fissile.events', routingKey, Buffer.from(content), properties);
  }
  await channel.waitForConfirms();
  await connection.close();
  for (const module of ['auth', 'orders'])
    await client.query(`UPDATE ${module}.outbox SET published_at = now() WHERE published_at IS NULL`);
}

/** As if the program had been killed just now: what has a deadline has it still before it. */
async function moveToNow(client: pg.Client, modules: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ table: string; changes: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS table, string_agg(format('%1$I = %1$I + (now() - %2$L::timestamptz)', column_name, $2::text), ', ') AS changes
      FROM information_schema.columns WHERE table_schema = ANY ($1) AND data_type = 'timestamp with time zone' GROUP BY 1`,
    [modules, stoppedAt],
  );
  // Without the triggers by which some rows cannot be changed.
  await client.query(
    `SET session_replication_role TO replica; ${rows.map(({ table, changes }) => `UPDATE ${table} SET ${changes}`).join('; ')}; RESET session_replication_role`,
  );
}
