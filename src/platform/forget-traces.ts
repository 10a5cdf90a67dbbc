import type { Database } from './database/database.ts';
import { OutboxTable } from './events/outbox-table.ts';
import { IdempotencyKeys } from './http/idempotency.ts';

/**
 * Deletes what the platform keeps of somebody in a module's database, in the transaction under way: the stored answers to
 * their requests, and the events about them (those with their id as key) that were published. An event that is still to
 * be published is never deleted. It reads both tables whole, so it is for what happens now and then.
 */
export async function forgetTraces(database: Database, userId: string): Promise<void> {
  await Promise.all([new IdempotencyKeys(database).forget(userId), new OutboxTable(database).forgetPublished(userId)]);
}
