/** The modules that run in other processes: how they are called, and how the gateway reaches them. */
import { readAsset } from '#platform/assets.ts';
import type { Api, Client } from '#platform/contract.ts';
import type { RemoteModule } from '#runtime/grpc/remote-module.ts';
import type { ModuleDefinition } from '#platform/module.ts';
import type { RootLogger } from '#runtime/observability/create-logger.ts';
import type { Metrics } from '#runtime/observability/metrics.ts';
import type { Upstream } from '../gateway/upstreams/upstream.ts';
import { callTarget, upstreamOrigins } from './configuration.ts';
import type { Environment } from './environment.ts';
import type { Identity } from './identity.ts';
import type { Opened } from './opened.ts';

interface Options {
  readonly environment: Environment;
  readonly identity: Identity;
  readonly logger: RootLogger;
  readonly metrics: Metrics;
  /** The modules of this process: who calls. */
  readonly callers: readonly ModuleDefinition[];
  /** Modules that do not run here. */
  readonly modules: readonly ModuleDefinition[];
}

export class Elsewhere {
  readonly #options: Options;
  readonly #opened: Opened;
  readonly #called = new Map<string, RemoteModule>();

  private constructor(options: Options, opened: Opened) {
    this.#options = options;
    this.#opened = opened;
  }

  /** Connections are made when the first call needs them. */
  static async reach(options: Options, opened: Opened): Promise<Elsewhere> {
    const elsewhere = new Elsewhere(options, opened);
    for (const { name, offers, authenticates } of options.modules) {
      const target = callTarget(name, options.environment);
      const called =
        authenticates !== undefined || options.callers.some(({ needs }) => needs.some(({ module }) => module === name));
      if (called && target !== undefined) await elsewhere.#connect(name, offers, target);
    }
    return elsewhere;
  }

  async #connect(name: string, api: Api, target: string): Promise<void> {
    // A program that runs everything itself does not load what it takes to call others.
    const { RemoteModule } = await import('#runtime/grpc/remote-module.ts');
    const { identity, logger, metrics } = this.#options;
    const module = new RemoteModule({
      api,
      proto: protoOf(name),
      target,
      certificates: identity.peer,
      logger,
      metrics,
    });
    this.#called.set(name, module);
    this.#opened.add(`the connection to ${name}`, () => module.close());
  }

  /** The client of a caller for a module; undefined where nobody said where it is. */
  readonly clientOf = (module: string, caller: string): Client<Api> | undefined =>
    this.#called.get(module)?.clientOf(caller);

  /** For the gateway: every module that does not run here. */
  get upstreams(): readonly Upstream[] {
    return this.#options.modules.map(({ name, endpoints, sites }) => {
      const origins = upstreamOrigins(name, this.#options.environment) ?? [];
      const encrypted = origins.some((origin) => origin.startsWith('https:'));
      return { name, endpoints, sites, origins, certificates: encrypted ? this.#options.identity.peer : undefined };
    });
  }

  /** The circuit breakers, for readers of `/readyz`. */
  get breakers(): Readonly<Record<string, () => unknown>> {
    return Object.fromEntries([...this.#called].map(([name, module]) => [`calls to ${name}`, () => module.breaker]));
  }
}

/** The committed description of a module's calls. */
export const protoOf = (module: string): string => readAsset(`modules/${module}/${module}.proto`);
