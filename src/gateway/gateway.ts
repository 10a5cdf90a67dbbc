/** What the single way in is made of: the modules whose endpoints it serves, and how it guards them. */
import type { Api, Client } from '#platform/contract.ts';
import type { Database } from '#platform/database/database.ts';
import type { Endpoint } from '#platform/http/endpoint.ts';
import type { Logger } from '#platform/observability/logger.ts';
import type { Metrics } from '#platform/observability/metrics.ts';
import type { TokenVerifier } from '#platform/security/token-verifier.ts';

/** One module of this process, as far as HTTP is concerned. */
export interface ServedModule {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  /** The module's own operations, as its endpoints call them. */
  readonly client: Client<Api>;
  /** Holds its idempotency keys. */
  readonly database: Database;
}

export interface GatewaySettings {
  /** Milliseconds a request may take in all. */
  readonly requestTimeout: number;
  /** Bytes. */
  readonly bodyLimit: number;
  /** Requests a minute for each person, or each address without a token; 0 for no limit. */
  readonly rateLimit: number;
  /** Origins whose pages may call; none turns CORS off. */
  readonly corsOrigins: readonly string[];
  /** How many proxies in front may be believed about the caller's address. */
  readonly trustProxy: number;
}

/** Resolves when what it looks at works; rejects with the reason. It is given a second. */
export type HealthCheck = () => Promise<unknown>;

export interface GatewayOptions {
  readonly modules: readonly ServedModule[];
  readonly verifier: TokenVerifier;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** By name; all must pass for `/readyz`. */
  readonly checks: Readonly<Record<string, HealthCheck>>;
  readonly settings: GatewaySettings;
  /** Of the program, for the documentation. */
  readonly version: string;
}
