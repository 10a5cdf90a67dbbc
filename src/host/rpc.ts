/** The port where other processes call the modules of this one. */
import { RpcServer } from '#runtime/grpc/rpc-server.ts';
import type { ModuleDefinition } from '#platform/module.ts';
import type { Logger } from '#platform/logger.ts';
import type { Metrics } from '#runtime/observability/metrics.ts';
import type { Tracing } from '#runtime/observability/spans.ts';
import type { TokenVerifier } from '#runtime/security/token-verifier.ts';
import { protoOf } from './elsewhere.ts';
import type { Identity } from './identity.ts';
import type { RunningModule } from './module-assembly.ts';
import { StartupError } from './startup-error.ts';

interface Options {
  readonly host: string;
  readonly port: number;
  readonly modules: readonly RunningModule[];
  /** Modules of every process: their declarations say who may call. */
  readonly everyModule: readonly ModuleDefinition[];
  readonly identity: Identity;
  readonly verifier: TokenVerifier;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing: Tracing | undefined;
  /** All must pass for this process to say that it serves. */
  readonly checks: readonly (() => Promise<unknown>)[];
}

/** An operation is for the modules that declare that they need it; those that trusting tokens takes are for every peer. */
export async function openToPeers(options: Options): Promise<RpcServer> {
  const { host, port, modules, everyModule, identity, verifier, logger, metrics, tracing, checks } = options;
  const listening = RpcServer.listen({
    host,
    port,
    apis: modules.map(({ definition: { name, offers, authenticates }, handlerOf }) => ({
      api: offers,
      proto: protoOf(name),
      handlerOf,
      callersOf: (operation) =>
        operation === authenticates?.keys || operation === authenticates?.session
          ? 'everyone'
          : everyModule.filter(({ needs }) => needs.includes(operation)).map((caller) => caller.name),
    })),
    certificates: identity.peer,
    verifier,
    logger,
    metrics,
    tracing,
    health: async () => {
      const outcomes = await Promise.allSettled(checks.map((check) => check()));
      return outcomes.every(({ status }) => status === 'fulfilled');
    },
  });
  return listening.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error;
    throw new StartupError(`Port ${port} on ${host} is taken. Stop what uses it, or choose another with GRPC_PORT.`, {
      cause: error,
    });
  });
}
