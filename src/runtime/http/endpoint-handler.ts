import type { Api, Client } from '#platform/contract.ts';
import type { Database } from '#platform/database.ts';
import { type ErrorKind, Failure, platformErrors } from '#platform/errors.ts';
import { networkOf } from '#platform/network.ts';
import type { KeyConflict, Metrics } from '../observability/metrics.ts';
import { answerWriter } from './answer-writer.ts';
import type { Answer, Endpoint } from '#platform/endpoint.ts';
import type { Exchange } from './exchange.ts';
import { httpErrors } from './http-errors.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { type KeyUse, keyUse } from './key-use.ts';
import type { Report } from './problem.ts';
import type { RenderedAnswer } from './rendered-answer.ts';
import { type ReadRequest, requestReader } from './request-reader.ts';
import { sendParts, streamedJson } from './streamed-answer.ts';
import type { Parameters } from './route-table.ts';

/** One module of this process, as far as HTTP is concerned. */
export interface ServedModule {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  /** The module's own operations, as its endpoints call them. */
  readonly client: Client<Api>;
  /** Holds its idempotency keys. */
  readonly database: Database;
}

/** Undefined when it was sent already, in parts. */
export type EndpointHandler = (exchange: Exchange, parameters: Parameters) => Promise<RenderedAnswer | undefined>;

const maxKeyLength = 255;
const keyConflicts: Readonly<Record<string, KeyConflict>> = {
  [httpErrors.idempotencyKeyInUse.code]: 'in-use',
  [httpErrors.idempotencyKeyReused.code]: 'reused',
};

/** Makes what answers the requests to one endpoint. */
export function endpointHandler(
  endpoint: Endpoint,
  { name, client, database }: ServedModule,
  { report, metrics }: { report: Report; metrics: Pick<Metrics, 'keyConflict'> },
): EndpointHandler {
  const read = requestReader(endpoint);
  const write = answerWriter(endpoint);
  const keys = endpoint.idempotent ? new IdempotencyKeys(database) : undefined;
  const { settle, versionConflict } = endpoint;
  const partsOf = endpoint.answers.body && streamedJson(endpoint.answers.body);
  const countConflict = (error: unknown): never => {
    const reason = error instanceof Failure ? keyConflicts[error.code] : undefined;
    if (reason) metrics.keyConflict(name, reason);
    throw error;
  };

  /** The answer to whoever waits; undefined when it cannot be had, which does not undo the first one. */
  const settled = async ({ request }: ReadRequest, first: Answer<unknown>, exchange: Exchange) => {
    exchange.letGo();
    try {
      return write(await settle!(request as never, client, first as never), undefined);
    } catch (error) {
      report(error, exchange);
      return undefined;
    }
  };

  const stream = async (exchange: Exchange, head: RenderedAnswer, { stream: parts, done }: Answer<unknown>): Promise<undefined> => {
    // It goes at its reader's pace.
    exchange.letGo();
    try {
      await sendParts(exchange, head, partsOf!(parts));
    } finally {
      await done?.();
    }
  };

  return async (exchange, parameters) => {
    const { headers } = exchange.request;
    const received = read(exchange, parameters);
    const { request } = received;
    const waits = settle !== undefined && request.wait > 0;
    if (waits) exchange.header('Preference-Applied', `wait=${request.wait / 1000}`);

    let first: Answer<unknown> | undefined;
    const handle = async () => {
      try {
        first = await endpoint.handle(request as never, client);
      } catch (error) {
        const isPrecondition = headers['if-match'] !== undefined && error instanceof Failure && error.code === versionConflict?.code;
        throw isPrecondition ? httpErrors.preconditionFailed({ cause: error }) : error;
      }
      return write(first, headers['if-none-match']);
    };

    const key = headers['idempotency-key'];
    if (keys === undefined || key === undefined) {
      const answer = await handle();
      if (first!.stream !== undefined) return stream(exchange, answer, first!);
      return waits ? ((await settled(received, first!, exchange)) ?? answer) : answer;
    }

    const use = useOf(endpoint, exchange, String(key), received, waits ? request.wait : 0);
    const kept = (error: unknown) => (isKept(error) ? report(error, exchange) : undefined);
    const { answer, outcome } = await keys.answer(use, handle, kept).catch(countConflict);
    if (outcome === 'replayed') exchange.header('Idempotency-Replayed', 'true');
    if (outcome !== 'done' || !waits) return answer;
    const last = (await settled(received, first!, exchange)) ?? answer;
    return (await keys.settle(use, last)) ? last : answer;
  };
}

function useOf({ method, url }: Endpoint, exchange: Exchange, key: string, { sentBody }: ReadRequest, wait: number): KeyUse {
  if (key === '' || key.length > maxKeyLength) {
    throw httpErrors.invalidHeader(`An Idempotency-Key has 1 to ${maxKeyLength} characters.`);
  }
  const { principal, address, target } = exchange;
  const scope = `${principal?.userId ?? 'anonymous'} ${method} ${url}`;
  const network = principal ? undefined : networkOf(address);
  return keyUse(key, { pathAndQuery: target, body: sentBody }, { scope, network, settlesIn: wait });
}

const neverKept: readonly ErrorKind[] = ['unauthenticated', 'forbidden', 'too-many', 'unavailable'];

/** An answer that says nothing about the effect is not kept: the same key may be tried again. */
const isKept = (error: unknown): boolean =>
  !(error instanceof Failure) || (!neverKept.includes(error.kind) && error.code !== platformErrors.invalidRequest.code);
