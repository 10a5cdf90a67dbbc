/** A library that is called over gRPC: a contract with a bit of everything, servers and clients for it. */
import { z } from 'zod';
import { TestAuthenticator, parties } from '../../../../tests/support/gateway.ts';
import type { CallContext } from '#platform/context.ts';
import { api, command, errors, query, type Api, type InputOf, type OutputOf } from '#platform/contract.ts';
import { createLogger } from '../../observability/create-logger.ts';
import { Metrics } from '../../observability/metrics.ts';
import { TokenVerifier } from '../../security/token-verifier.ts';
import { protoFile } from '../proto-file.ts';
import { RemoteModule, type RemoteModuleOptions } from '../remote-module.ts';
import { RpcServer, type RpcServerOptions, type ServedApi } from '../rpc-server.ts';

export const LibraryErrors = errors('library', {
  bookLent: ['conflict', 'The book is lent.'],
  noSuchBook: ['not-found', 'There is no such book.'],
});

export const LibraryApi = api('library', {
  lend: command(1, {
    input: z.object({ book: z.string().trim(), days: z.int().max(30).default(14) }),
    output: z.object({ due: z.string() }),
    errors: [LibraryErrors.bookLent],
  }),
  returnBook: command(1, {
    input: z.object({ book: z.string(), idempotencyKey: z.string() }),
    output: z.object({ done: z.boolean() }),
    errors: [],
  }),
  find: query(1, {
    input: z.object({ book: z.string() }),
    output: z.object({ title: z.string(), shelf: z.string().nullable() }),
    errors: [LibraryErrors.noSuchBook],
  }),
});

export const libraryProto = protoFile({
  module: 'library',
  api: LibraryApi,
  exports: new Map([['library', {}]]),
  released: {},
});

type Handlers = {
  readonly [Name in keyof typeof LibraryApi]: (
    input: InputOf<(typeof LibraryApi)[Name]>,
    context: CallContext,
  ) => Promise<OutputOf<(typeof LibraryApi)[Name]>>;
};

export const quietHandlers: Handlers = {
  lend: async () => ({ due: 'tomorrow' }),
  returnBook: async () => ({ done: true }),
  find: async ({ book }) => ({ title: book, shelf: null }),
};

/** A logger that keeps its lines. */
export function collectedLog() {
  let text = '';
  const root = createLogger({ level: 'debug', format: 'json', sink: { write: (lines) => (text += lines) } });
  const lines = () => {
    root.close();
    return text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return { logger: root.child('library'), lines };
}

export interface ServedLibrary {
  readonly server: RpcServer;
  readonly address: string;
  readonly authenticator: TestAuthenticator;
  readonly metrics: Metrics;
  readonly log: () => Record<string, unknown>[];
}

type ServeOptions = Partial<RpcServerOptions> & Partial<Pick<ServedApi, 'callersOf'>>;

export async function serveLibrary(
  handlers: Partial<Handlers> = {},
  { callersOf = () => [], ...options }: ServeOptions = {},
): Promise<ServedLibrary> {
  const all = { ...quietHandlers, ...handlers };
  const authenticator = new TestAuthenticator();
  const metrics = new Metrics();
  const { logger, lines: log } = collectedLog();
  const server = await RpcServer.listen({
    host: '127.0.0.1',
    port: 0,
    apis: [
      {
        api: LibraryApi as Api,
        proto: libraryProto,
        handlerOf: ({ name }) => all[name as keyof Handlers] as never,
        callersOf,
      },
    ],
    certificates: undefined,
    verifier: new TokenVerifier({ ...parties, authenticator }),
    logger,
    metrics,
    health: async () => true,
    ...options,
  });
  return { server, address: `127.0.0.1:${server.port}`, authenticator, metrics, log };
}

export function remoteLibrary(target: string, options: Partial<RemoteModuleOptions<typeof LibraryApi>> = {}) {
  const metrics = new Metrics();
  const { logger, lines: log } = collectedLog();
  const module = new RemoteModule({
    api: LibraryApi,
    proto: libraryProto,
    target,
    certificates: undefined,
    logger,
    metrics,
    ...options,
  });
  return { module, library: module.clientOf('readers'), metrics, log };
}
