/** One operation, offered over gRPC: from bytes and metadata to the handler in its context, and back. */
import { status as Code, type handleUnaryCall, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { requirePerson } from '../calls/acting-for.ts';
import type { AnyHandler } from '../calls/local-client.ts';
import { CallContext, type Principal, runInContext, type Trace } from '#platform/context.ts';
import type { Operation } from '#platform/contract.ts';
import { Deadline } from '#platform/deadline.ts';
import { Failure, platformErrors } from '#platform/errors.ts';
import { networkOf } from '#platform/network.ts';
import type { Logger } from '#platform/logger.ts';
import type { OutcomeMeter } from '../observability/meters.ts';
import { spanOf, type SpanStart, type Tracing } from '../observability/spans.ts';
import { continued } from '../observability/trace-context.ts';
import { RefusedToken } from '#platform/access-token.ts';
import type { TokenVerifier } from '../security/token-verifier.ts';
import { requireStorableText } from '../http/storable-text.ts';
import { parseOrFail } from '#platform/validation.ts';
import { requestIdOf, senderOf, tokenOf } from './call-metadata.ts';
import { statusOfFailure, type WireStatus } from './failure-status.ts';
import { MalformedMessage } from './message-codec.ts';
import { rpcSpan } from './rpc-span.ts';
import type { OperationCodec } from './service-codec.ts';

type Call = ServerUnaryCall<Buffer, Buffer>;

export interface ServedOperation {
  readonly operation: Operation;
  readonly codec: OperationCodec;
  readonly handle: AnyHandler;
  /** Tells whether the calling process may; undefined: any that could connect may. */
  readonly admits: ((call: Call) => boolean) | undefined;
  readonly verifier: TokenVerifier;
  readonly logger: Logger;
  readonly meter: OutcomeMeter<string>;
  readonly tracing: Tracing | undefined;
}

/** Milliseconds for a call that came with no deadline. */
const defaultTimeout = 30_000;

export function unaryHandler(served: ServedOperation): handleUnaryCall<Buffer, Buffer> {
  const start = rpcSpan(served.codec.path, 'server');
  return (call, reply) => void serve(served, start, call, reply);
}

async function serve(
  served: ServedOperation,
  start: SpanStart,
  call: Call,
  reply: sendUnaryData<Buffer>,
): Promise<void> {
  const started = performance.now();
  const arrival = new Arrival(call, served.tracing, start);
  let context = new CallContext(arrival);
  try {
    if (served.admits?.(call) === false) {
      const { module, name } = served.operation;
      runInContext(context, () =>
        served.logger.warn('A call was refused: the certificate of the process that called does not allow it.', {
          operation: `${module}.${name}`,
          network: networkOf(call.getPeer()),
        }),
      );
      throw platformErrors.forbidden('This process may not call that operation.');
    }
    const asked = await whoAsks(call, served.verifier, arrival);
    if (asked) context = new CallContext({ ...arrival, ...asked });
    const input = parseOrFail(served.operation.input, decoded(served.codec, call.request));
    requirePerson(served.operation, input, context.principal);
    const output = await runInContext(context, () => served.handle(input, context));
    reply(null, served.codec.encodeOutput(output));
    const span = spanOf(arrival.trace);
    served.meter.finished('OK', performance.now() - started, span);
    span?.set({ 'rpc.response.status_code': 'OK' });
  } catch (error) {
    const failure = error instanceof Failure ? error : platformErrors.internal({ cause: error });
    runInContext(context, () => tell(failure, served));
    const status = statusOfFailure(failure);
    reply(status);
    served.meter.finished(Code[status.code], performance.now() - started, spanOf(arrival.trace));
    tellSpan(arrival.trace, status, failure, error);
  } finally {
    arrival.over = true;
    spanOf(arrival.trace)?.end();
  }
}

/** Only what the callee is to blame for is an error of its span; that of the caller fails with any. */
function tellSpan(trace: Trace, { code }: WireStatus, { kind }: Failure, error: unknown): void {
  const span = spanOf(trace);
  span?.set({ 'rpc.response.status_code': Code[code] });
  if (kind === 'internal' || kind === 'unavailable') span?.fail(error);
}

/** A call's own metadata. */
class Arrival {
  readonly deadline: Deadline;
  readonly requestId: string;
  readonly trace: Trace;
  /** Answered: that the stream ends then is no cancellation. */
  over = false;
  readonly signal: () => AbortSignal;

  constructor(call: Call, tracing: Tracing | undefined, start: SpanStart) {
    const timeout = Number(call.getDeadline()) - Date.now();
    this.deadline = new Deadline(Number.isFinite(timeout) ? timeout : defaultTimeout);
    this.requestId = requestIdOf(call.metadata);
    const sender = senderOf(call.metadata);
    this.trace = tracing ? tracing.enter(start, sender) : continued(sender);
    this.signal = () => {
      const gone = new AbortController();
      const abort = () => void (this.over || gone.abort());
      if (call.cancelled) abort();
      else call.on('cancelled', abort);
      return gone.signal;
    };
  }
}

/** Nobody is believed to be somebody without a token of theirs. */
async function whoAsks(
  { metadata }: Call,
  verifier: TokenVerifier,
  arrival: Arrival,
): Promise<{ principal: Principal; token: string } | undefined> {
  const given = tokenOf(metadata);
  if (given === 'none') return undefined;
  if (given === 'malformed') throw platformErrors.unauthenticated();
  const { token } = given;
  try {
    return { principal: verifier.recall(token) ?? (await verifier.verify(token, arrival)), token };
  } catch (error) {
    throw error instanceof RefusedToken ? platformErrors.unauthenticated({ cause: error }) : error;
  }
}

function decoded(codec: OperationCodec, bytes: Buffer): unknown {
  let input: unknown;
  try {
    input = codec.decodeInput(bytes);
  } catch (cause) {
    throw cause instanceof MalformedMessage ? platformErrors.invalidRequest({ cause }) : cause;
  }
  // Text can hold U+0000 only where the bytes do; halves of surrogate pairs are no UTF-8.
  if (bytes.includes(0)) requireStorableText(input);
  return input;
}

/** For the operator: causes stay on this side. */
function tell({ kind, message, code, cause }: Failure, { operation, logger }: ServedOperation): void {
  const what = `${operation.module}.${operation.name} failed`;
  if (kind === 'internal') logger.error(what, { code, error: cause ?? message });
  else if (kind === 'unavailable' && cause !== undefined) logger.warn(`${what}: ${message}`, { code, error: cause });
}
