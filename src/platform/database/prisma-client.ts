import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { ambientTransaction } from './ambient-transaction.ts';
import type { Database } from './database.ts';

/** Collects the requests of one tick of the event loop and sends them together. */
interface Batcher {
  readonly options: unknown;
  request(request: unknown): Promise<unknown>;
}

/**
 * A Prisma client on a module's database. Make every client here and none with `new`: Prisma sends the
 * `findUnique`s and batches of one tick together, whoever asked, as if the first who asked had asked for all of
 * them. A read of one transaction would so run on the connection of another. Here each transaction has a
 * batch of its own.
 */
export function prismaClient<Client extends object>(
  PrismaClient: new (options: { adapter: SqlDriverAdapterFactory }) => Client,
  database: Database,
): Client {
  const client = new PrismaClient({ adapter: database.adapter });
  const handler = (client as { _requestHandler?: { dataloader?: Batcher } })._requestHandler;
  const shared = handler?.dataloader;
  if (!handler || typeof shared?.request !== 'function' || !shared.options) {
    throw new Error('This version of Prisma batches requests in another way than prisma-client.ts knows.');
  }
  const BatcherOfOne = shared.constructor as new (options: unknown) => Batcher;
  const batchers = new WeakMap<object, Batcher>();
  handler.dataloader = {
    options: shared.options,
    request(request) {
      const transaction = ambientTransaction.getStore();
      if (!transaction) return shared.request(request);
      let batcher = batchers.get(transaction);
      if (!batcher) batchers.set(transaction, (batcher = new BatcherOfOne(shared.options)));
      return batcher.request(request);
    },
  };
  return client;
}
