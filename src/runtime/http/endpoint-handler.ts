import type { Request, RequestHandler, Response } from 'express';
import type { Api, Client } from '#platform/contract.ts';
import type { Database } from '#platform/database.ts';
import { type ErrorKind, Failure, platformErrors } from '#platform/errors.ts';
import type { KeyConflict, Metrics } from '../observability/metrics.ts';
import { answerWriter } from './answer-writer.ts';
import type { Answer, Endpoint } from '#platform/endpoint.ts';
import type { SiteHandler, SitePath } from '#platform/site.ts';
import { httpErrors } from './http-errors.ts';
import { IdempotencyKeys } from './idempotency.ts';
import { type KeyUse, keyUse } from './key-use.ts';
import type { Report } from './problem.ts';
import type { RenderedAnswer } from './rendered-answer.ts';
import { pathAndQuery } from './request-context.ts';
import { type ReadRequest, requestReader } from './request-reader.ts';
import { send } from './send.ts';
import { sendParts, streamedJson, streamedLines } from './streamed-answer.ts';

/** A module's own handler for some paths. */
export interface ServedSite {
  readonly paths: readonly SitePath[];
  readonly handle: SiteHandler;
}

/** One module of this process, as far as HTTP is concerned. */
export interface ServedModule {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly sites?: readonly ServedSite[];
  /** The module's own operations, as its endpoints call them. */
  readonly client: Client<Api>;
  /** Holds its idempotency keys. */
  readonly database: Database;
}

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
): RequestHandler {
  const read = requestReader(endpoint);
  const write = answerWriter(endpoint);
  const keys = endpoint.idempotent ? new IdempotencyKeys(database) : undefined;
  const { settle, versionConflict } = endpoint;
  const { body, jsonLines } = endpoint.answers;
  const partsOf = body && (jsonLines ? streamedLines(body) : streamedJson(body));
  const countConflict = (error: unknown): never => {
    const reason = error instanceof Failure ? keyConflicts[error.code] : undefined;
    if (reason) metrics.keyConflict(name, reason);
    throw error;
  };

  /** The answer to a client that waits; undefined when it cannot be had, which does not undo the first one. */
  const settled = async ({ request }: ReadRequest, first: Answer<unknown>, http: Request) => {
    http.context.leave();
    try {
      return write(await settle!(request as never, client, first as never));
    } catch (error) {
      report(error, http);
      return undefined;
    }
  };

  const stream = async (response: Response, head: RenderedAnswer, { stream: parts, done }: Answer<unknown>) => {
    // It goes at its reader's pace.
    response.req.context.leave();
    try {
      await sendParts(response, head, partsOf!(parts));
    } finally {
      await done?.();
    }
  };

  return async (http, response) => {
    const { headers } = http;
    const received = read(http);
    const { request } = received;
    const waits = settle !== undefined && request.wait > 0;
    if (waits) response.setHeader('Preference-Applied', `wait=${request.wait / 1000}`);

    let first: Answer<unknown> | undefined;
    const handle = async () => {
      try {
        first = await endpoint.handle(request as never, client);
      } catch (error) {
        const isPrecondition =
          headers['if-match'] !== undefined && error instanceof Failure && error.code === versionConflict?.code;
        throw isPrecondition ? httpErrors.preconditionFailed({ cause: error }) : error;
      }
      return write(first);
    };

    const key = headers['idempotency-key'];
    if (keys === undefined || key === undefined) {
      const answer = await handle();
      if (first!.stream !== undefined) return stream(response, answer, first!);
      return send(response, waits ? ((await settled(received, first!, http)) ?? answer) : answer);
    }

    const use = useOf(endpoint, http, String(key), received, waits ? request.wait : 0);
    const kept = (error: unknown) => (isKept(error) ? report(error, http) : undefined);
    const { answer, outcome } = await keys.answer(use, handle, kept).catch(countConflict);
    if (outcome === 'replayed') response.setHeader('Idempotency-Replayed', 'true');
    if (outcome !== 'done' || !waits) return send(response, answer);
    const last = (await settled(received, first!, http)) ?? answer;
    send(response, (await keys.settle(use, last)) ? last : answer);
  };
}

function useOf({ method, url }: Endpoint, http: Request, key: string, { sentBody }: ReadRequest, wait: number): KeyUse {
  if (key === '' || key.length > maxKeyLength) {
    throw httpErrors.invalidHeader(`An Idempotency-Key has 1 to ${maxKeyLength} characters.`);
  }
  const { principal, origin } = http.context;
  const scope = `${principal?.userId ?? 'anonymous'} ${method} ${url}`;
  const network = principal ? undefined : origin.network;
  return keyUse(key, { pathAndQuery: pathAndQuery(http), body: sentBody }, { scope, network, settlesIn: wait });
}

const neverKept: readonly ErrorKind[] = ['unauthenticated', 'forbidden', 'too-many', 'unavailable'];

/** An answer that says nothing about the effect is not kept: the same key may be tried again. */
const isKept = (error: unknown): boolean =>
  !(error instanceof Failure) || (!neverKept.includes(error.kind) && error.code !== platformErrors.invalidRequest.code);
