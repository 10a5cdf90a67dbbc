/** Answers what is not HTTP, or not in a way that Express could be asked: in the form of every other error. */
import { randomUUID } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Failure } from '#platform/errors.ts';
import type { Logger } from '#platform/logger.ts';
import { networkOf } from '#platform/network.ts';
import { httpErrors } from '#runtime/http/http-errors.ts';
import { renderedProblem } from '#runtime/http/problem.ts';
import { securityHeaderList } from '../middleware/security-headers.ts';

export interface ParserError extends Error {
  readonly code?: string;
  readonly reason?: string;
}

/** The last request of a connection. */
export interface Latest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Answers with a problem, through Express. */
  fail(error: Failure): void;
}

export class ParserErrors {
  readonly #always = securityHeaderList();
  readonly #logger: Logger;
  readonly #latest: (socket: Duplex) => Latest | undefined;

  constructor(logger: Logger, latest: (socket: Duplex) => Latest | undefined) {
    this.#logger = logger;
    this.#latest = latest;
  }

  /** A listener of the event of this name. */
  readonly clientError = (error: ParserError, socket: Duplex): void => {
    if (!(socket instanceof Socket) || !socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const latest = this.#latest(socket);
    // The body of a request that has its answer: what came now would be taken for the answer to the next one.
    if (latest && !latest.request.complete && latest.response.writableEnded) return void socket.destroy();
    if (latest && !latest.request.complete) return latest.fail(failureOf(error, true));
    // Behind requests that were fine, which have their answers first.
    if (latest && !latest.response.writableFinished) return void (latest.response.shouldKeepAlive = false);
    const response = new ServerResponse(new IncomingMessage(socket));
    response.assignSocket(socket);
    this.refuse(failureOf(error, false), response);
  };

  refuse(failure: Failure, response: ServerResponse): void {
    const socket = response.socket!;
    const requestId = randomUUID();
    const { status, headers, body } = renderedProblem(failure, requestId);
    this.#logger.info(`A request that is not HTTP was refused with ${status}.`, {
      status,
      code: failure.code,
      requestId,
      network: networkOf(socket.remoteAddress ?? ''),
    });
    response.shouldKeepAlive = false;
    response.writeHead(status, [
      ...this.#always,
      'X-Request-Id',
      requestId,
      ...headers,
      'Content-Length',
      String(Buffer.byteLength(body!)),
    ]);
    response.end(body, () => socket.destroySoon());
  }
}

function failureOf(cause: ParserError, inBody: boolean): Failure {
  const malformed = () => httpErrors.malformedRequest({ detail: `${cause.reason ?? 'It cannot be parsed'}.`, cause });
  switch (cause.code) {
    case 'HPE_HEADER_OVERFLOW':
      return httpErrors.headersTooLarge({ cause });
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return httpErrors.bodyTooLarge({ detail: 'The extensions of its chunks are too large.', cause });
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return httpErrors.requestTimeout({ cause });
    case 'HPE_INVALID_TRANSFER_ENCODING':
      // After the head, it is one that nobody here knows; before that, chunked is not the last (RFC 9112, 6.3).
      return inBody ? httpErrors.unknownTransferCoding({ cause }) : malformed();
    default:
      return malformed();
  }
}
