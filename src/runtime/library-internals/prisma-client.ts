// ADR 0009
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';
import { ambientTransaction, type PrismaClientClass } from '#platform/database.ts';
import { Failure } from '#platform/errors.ts';

/** Collects the requests of one tick of the event loop and sends them together. */
interface Batcher {
  readonly options: unknown;
  request(request: unknown): Promise<unknown>;
}

/** Prisma's way to send requests: not part of its interface, so it is looked at closely before it is changed. */
interface RequestHandler {
  dataloader: Batcher;
  handleRequestError(failed: { error: unknown }): never;
}

/**
 * A Prisma client for `Database.prisma`, which changes how it sends its requests, for three reasons:
 *
 * Prisma sends the `findUnique`s and batches of one tick together, whatever transaction they belong to, as if the first caller had
 * asked for all of them. A read of one transaction would so run on the connection of another. Here each
 * transaction has a batch of its own.
 *
 * Prisma makes an error of its own kind of every error with a code. Here a `Failure` stays one, so that a database
 * that is away is `unavailable` through Prisma too.
 *
 * And Prisma quotes what was asked in its errors, names and addresses of people included. Errors end up in the log, so
 * here they say only what is wrong.
 */
export function prismaClient<Client extends object>(
  PrismaClient: PrismaClientClass<Client>,
  adapter: SqlDriverAdapterFactory,
): Client {
  const client = new PrismaClient({ adapter, errorFormat: 'minimal' });
  const handler = requestHandlerOf(client);
  handler.dataloader = batcherPerTransaction(handler.dataloader);
  const handleRequestError = handler.handleRequestError.bind(handler);
  handler.handleRequestError = (failed) => {
    if (failed.error instanceof Failure) throw failed.error;
    try {
      return handleRequestError(failed);
    } catch (error) {
      throw withoutQuotation(error);
    }
  };
  return client;
}

function requestHandlerOf(client: object): RequestHandler {
  const handler = (client as { _requestHandler?: Partial<RequestHandler> })._requestHandler;
  const { dataloader, handleRequestError } = handler ?? {};
  if (!dataloader?.options || typeof dataloader.request !== 'function' || !handleRequestError) {
    throw new Error('Prisma sends its requests in another way than prisma-client.ts knows.');
  }
  return handler as RequestHandler;
}

function withoutQuotation(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { message, stack } = error;
  error.message = message.replace(/^\{\n[^]*\n\}\n/m, '');
  if (stack !== undefined) error.stack = stack.replace(message, () => error.message);
  return error;
}

function batcherPerTransaction(shared: Batcher): Batcher {
  const OwnBatcher = shared.constructor as new (options: unknown) => Batcher;
  const own = new WeakMap<object, Batcher>();
  return {
    options: shared.options,
    request(request) {
      const transaction = ambientTransaction.getStore();
      if (!transaction) return shared.request(request);
      let batcher = own.get(transaction);
      if (!batcher) own.set(transaction, (batcher = new OwnBatcher(shared.options)));
      return batcher.request(request);
    },
  };
}
