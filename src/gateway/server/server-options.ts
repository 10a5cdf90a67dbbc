import type { ServerOptions } from 'node:http';

/** For `createServer`: how long a client may take to say what it wants. */
export const serverOptions: ServerOptions = {
  headersTimeout: 10_000,
  /** The time for a whole request whose rest nobody waits for; see request-body.ts. */
  requestTimeout: 20_000,
  /** How often Node looks whose time is up; its half a minute would be added to both. */
  connectionsCheckingInterval: 2_000,
  keepAliveTimeout: 65_000,
  /** Refused by us, in the form of every other error; see request-head.ts. */
  requireHostHeader: false,
  maxHeaderSize: 16_384,
};
