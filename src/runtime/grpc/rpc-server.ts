/** The port for other processes: the operations of this process's modules over gRPC, and how it is doing. */
import { once } from 'node:events';
import type { AddressInfo, Server as Listener } from 'node:net';
import {
  logVerbosity,
  Server,
  ServerCredentials,
  type ServerOptions,
  type ServerUnaryCall,
  setLogVerbosity,
} from '@grpc/grpc-js';
import type { AnyHandler } from '../calls/local-client.ts';
import { moduleOf, type Api, type Operation } from '#platform/contract.ts';
import type { Logger } from '#platform/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Tracing } from '../observability/spans.ts';
import type { TokenVerifier } from '../security/token-verifier.ts';
import { maxMessageBytes } from './channel-options.ts';
import { HealthService } from './health-service.ts';
import type { PeerCertificates } from './peer-certificates.ts';
import { peerListener } from './peer-listener.ts';
import { PeerNames } from './peer-names.ts';
import { ReflectionService } from './reflection-service.ts';
import { unaryHandler } from './served-operation.ts';
import { serviceCodec } from './service-codec.ts';

export interface ServedApi {
  readonly api: Api;
  /** The text of its .proto file. */
  readonly proto: string;
  handlerOf(operation: Operation): AnyHandler;
  /** The modules that may call an operation, by the names in their certificates; `everyone`: every process of the authority. */
  callersOf(operation: Operation): readonly string[] | 'everyone';
}

export interface RpcServerOptions {
  readonly host: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly apis: readonly ServedApi[];
  /** Absent: connections are plain, and nobody is asked for a certificate. */
  readonly certificates: PeerCertificates | undefined;
  readonly verifier: TokenVerifier;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly tracing?: Tracing | undefined;
  readonly health: () => Promise<boolean>;
  /** Milliseconds after which a client is asked to connect anew, so that it looks at DNS again. */
  readonly maxConnectionAge?: number;
}

const defaultMaxConnectionAge = 30_000;
const maxConcurrentStreams = 1_000;
const asBytes = (bytes: Buffer) => bytes;

const serverOptions = (maxConnectionAge: number): ServerOptions => ({
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
  'grpc.max_concurrent_streams': maxConcurrentStreams,
  'grpc.max_connection_age_ms': maxConnectionAge,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.enable_channelz': 0,
});

export class RpcServer {
  readonly port: number;
  readonly #listener: Listener;
  readonly #server: Server;
  readonly #health: HealthService;

  private constructor(listener: Listener, server: Server, health: HealthService) {
    this.#listener = listener;
    this.port = (listener.address() as AddressInfo).port;
    this.#server = server;
    this.#health = health;
  }

  /** Rejects with the error of the operating system, `code` EADDRINUSE for a taken port. */
  static async listen(options: RpcServerOptions): Promise<RpcServer> {
    const { host, port, apis, certificates, logger, maxConnectionAge = defaultMaxConnectionAge } = options;
    // Its errors carry the same text as its own log.
    setLogVerbosity(logVerbosity.NONE);
    const server = new Server(serverOptions(maxConnectionAge));
    const services = apis.map((served) => addApi(server, served, options));
    const health = new HealthService(services, options.health);
    health.addTo(server);
    new ReflectionService(apis.map(({ proto }) => proto)).addTo(server);
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    const listener = peerListener(certificates, logger, (socket) => injector.injectConnection(socket));
    await once(listener.listen(port, host), 'listening');
    return new RpcServer(listener, server, health);
  }

  /** Takes no new calls and lets those under way finish; cuts them off after `timeout` milliseconds. */
  async close(timeout: number): Promise<void> {
    this.#listener.close();
    await this.#health.close();
    const late = setTimeout(() => this.#server.forceShutdown(), timeout);
    await new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    clearTimeout(late);
  }
}

type PeerCall = ServerUnaryCall<Buffer, Buffer>;

const declaredCallers = (callers: readonly string[] | 'everyone') => (callers === 'everyone' ? [] : callers);

function addApi(server: Server, { api, proto, handlerOf, callersOf }: ServedApi, options: RpcServerOptions): string {
  const { certificates, verifier, logger, metrics, tracing } = options;
  const codec = serviceCodec(api, proto);
  const names = new PeerNames(Object.values(api).flatMap((operation) => declaredCallers(callersOf(operation))));
  for (const [name, operation] of Object.entries(api)) {
    const callers = callersOf(operation);
    const served = {
      operation,
      codec: codec.operations.get(name)!,
      handle: handlerOf(operation),
      admits:
        certificates && callers !== 'everyone'
          ? (call: PeerCall) => callers.some((caller) => names.of(call).has(caller))
          : undefined,
      verifier,
      logger,
      tracing,
      meter: metrics.servedCalls(moduleOf(api), codec.operations.get(name)!.path.slice(1)),
    };
    server.register(served.codec.path, unaryHandler(served), asBytes, asBytes, 'unary');
  }
  return codec.service;
}
