import type { Api, Client } from '#platform/contract.ts';
import type { RootLogger } from '#runtime/observability/create-logger.ts';
import type { Authenticator } from '#platform/authenticator.ts';
import type { Environment } from './environment.ts';

export interface ProgramOptions {
  readonly environment: Environment;
  readonly logger: RootLogger;
  /** Takes a line for the person who starts the program. */
  readonly announce: (line: string) => void;
  /** Gives a client for a module that does not run here; undefined where there is none. */
  readonly remoteClient?: (module: string) => Client<Api> | undefined;
  /** Trusts tokens where no module here issues them. */
  readonly authenticator?: Authenticator;
}
