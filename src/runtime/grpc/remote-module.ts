// ADR 0041
/**
 * A module in other processes. Its client is the one that a module in this process has (no call inside a transaction,
 * the same deadlines and counts), with the network where the handler would be.
 */
import { Client as GrpcClient, status as Code } from '@grpc/grpc-js';
import { type AnyHandler, localClient } from '../calls/local-client.ts';
import type { CallContext } from '#platform/context.ts';
import { moduleOf, type Api, type Client, type Operation } from '#platform/contract.ts';
import { Failure, platformErrors } from '#platform/errors.ts';
import type { Logger } from '#platform/logger.ts';
import type { OutcomeMeter } from '../observability/meters.ts';
import type { Metrics } from '../observability/metrics.ts';
import { spanOf } from '../observability/spans.ts';
import { callMetadata } from './call-metadata.ts';
import { channelOptions } from './channel-options.ts';
import '../library-internals/grpc-connect-limit.ts';
import { failureOfStatus, failureOfTransport } from './failure-status.ts';
import { MalformedMessage } from './message-codec.ts';
import type { PeerCertificates } from './peer-certificates.ts';
import { clientCredentials } from './peer-credentials.ts';
import { type BreakerState, defaultLimits, Protection, type ProtectionLimits } from './protection.ts';
import { rpcSpan } from './rpc-span.ts';
import { type OperationCodec, serviceCodec } from './service-codec.ts';
import { grpcTarget } from './target.ts';
import { type Channel, unaryCall } from './unary-call.ts';

export interface RemoteModuleOptions<A extends Api> {
  readonly api: A;
  /** The text of its .proto file. */
  readonly proto: string;
  /** As in `<MODULE>_URL`: see grpcTarget. */
  readonly target: string;
  readonly certificates: PeerCertificates | undefined;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly limits?: Partial<ProtectionLimits>;
}

/** Seconds after which trying again makes sense where nobody knows better. */
const retryAfter = 1;
/** Milliseconds that `ready` waits for a connection. */
const connectWithin = 1_000;

export class RemoteModule<A extends Api = Api> {
  /** The client of a module. */
  readonly clientOf: (caller: string) => Client<A>;
  readonly #grpc: GrpcClient;
  readonly #channel: Channel;
  readonly #protection: Protection;

  constructor({ api, proto, target, certificates, logger, metrics, limits }: RemoteModuleOptions<A>) {
    const module = moduleOf(api);
    const address = grpcTarget(target);
    if (address === undefined) throw new TypeError(`"${target}" is no address of ${module}.`);
    const codec = serviceCodec(api, proto);
    this.#grpc = new GrpcClient(address, clientCredentials(certificates, module), channelOptions(api, codec));
    this.#channel = this.#grpc.getChannel();
    this.#protection = new Protection(module, { ...defaultLimits, ...limits });
    this.#protection.onChange((state) => logger.warn(`The circuit breaker of ${module} is ${state}.`));
    metrics.watchRemoteModule(module, 'grpc', () => this.#protection);
    const codecOf = ({ name }: Operation) => codec.operations.get(name)!;
    this.clientOf = (caller) =>
      localClient(api, {
        handlerOf: (operation) => {
          const { path } = codecOf(operation);
          return this.#handler(codecOf(operation), metrics.callsOut(caller, module, path.slice(1)));
        },
        meterOf: (operation) => metrics.calls(caller, operation),
        spanOf: (operation) => rpcSpan(codecOf(operation).path, 'client'),
      });
  }

  get breaker(): BreakerState {
    return this.#protection.breaker;
  }

  /** Resolves when a replica is connected; rejects where there is none within a second. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#grpc.waitForReady(Date.now() + connectWithin, (cause) => {
        if (cause) reject(platformErrors.unavailable({ cause, retryAfter }));
        else resolve();
      });
    });
  }

  async close(): Promise<void> {
    this.#grpc.close();
  }

  #handler(codec: OperationCodec, meter: OutcomeMeter<string>): AnyHandler {
    return async (input, context) => {
      const bytes = encoded(codec, input);
      // A deadline that was over before the call says nothing about the callee.
      if (context.deadline.remaining === 0) throw platformErrors.deadlineExceeded();
      const answer = await this.#protection.run(() => this.#send(codec.path, bytes, context, meter));
      if (answer instanceof Failure) throw answer;
      return codec.decodeOutput(answer);
    };
  }

  /** Resolves with what the module answers, a Failure too; rejects where it did not answer. */
  async #send(
    path: string,
    bytes: Buffer,
    context: CallContext,
    meter: OutcomeMeter<string>,
  ): Promise<Buffer | Failure> {
    const started = performance.now();
    const answer = await unaryCall(this.#channel, path, bytes, callMetadata(context), context);
    const status = Buffer.isBuffer(answer) ? 'OK' : Code[answer.code];
    const span = spanOf(context.trace);
    span?.set({ 'rpc.response.status_code': status });
    meter.finished(status, performance.now() - started, span);
    if (Buffer.isBuffer(answer)) return answer;
    const failure = failureOfStatus(answer);
    if (failure && answer.code !== Code.DEADLINE_EXCEEDED) return failure;
    const ownFailure = failure ?? failureOfTransport(answer, retryAfter);
    if (answer.code === Code.DEADLINE_EXCEEDED || answer.code === Code.UNAVAILABLE) throw ownFailure;
    return ownFailure;
  }
}

function encoded(codec: OperationCodec, input: unknown): Buffer {
  try {
    return codec.encodeInput(input);
  } catch (cause) {
    throw cause instanceof MalformedMessage ? platformErrors.invalidRequest({ cause }) : cause;
  }
}
