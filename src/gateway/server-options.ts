import type { ServerOptions } from 'node:http';

/** For `createServer`: how long a client may take to say what it wants. */
export const serverOptions: ServerOptions = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  /** How often Node looks whose time is up; its half a minute would be added to both. */
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 16_384,
};
