/** Answers what Node's HTTP parser refuses, in the form of every other error. */
import { randomUUID } from 'node:crypto';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Failure } from '#platform/errors.ts';
import type { Exchange } from '#runtime/http/exchange.ts';
import { httpErrors } from '#runtime/http/http-errors.ts';
import { renderedProblem, type Report } from '#runtime/http/problem.ts';
import { networkOf } from '#platform/network.ts';
import type { Logger } from '#platform/logger.ts';
import { securityHeaders } from './security-headers.ts';

export interface ParserError extends Error {
  readonly code?: string;
  readonly reason?: string;
}

/** Makes a listener of `clientError`; `latest` gives the last exchange of a connection. */
export function parserErrors({ report, logger, latest }: { report: Report; logger: Logger; latest(socket: Duplex): Exchange | undefined }) {
  const always = securityHeaders();

  const answer = (failure: Failure, socket: Socket) => {
    const requestId = randomUUID();
    const { status, headers, body } = renderedProblem(failure, requestId);
    logger.info(`A request that is not HTTP was refused with ${status}.`, { status, code: failure.code, requestId, network: networkOf(socket.remoteAddress ?? '') });
    const response = new ServerResponse(new IncomingMessage(socket));
    response.assignSocket(socket);
    response.shouldKeepAlive = false;
    response.writeHead(status, [...always, 'X-Request-Id', requestId, ...headers, 'Content-Length', String(Buffer.byteLength(body!))]);
    response.end(body, () => socket.destroySoon());
  };

  return (error: ParserError, socket: Duplex): void => {
    if (!(socket instanceof Socket) || !socket.writable || error.code === 'ECONNRESET') return void socket.destroy();
    const exchange = latest(socket);
    // The body of a request that has its answer: what came now would be taken for the answer to the next one.
    if (exchange && !exchange.request.complete && exchange.response.writableEnded) return void socket.destroy();
    if (exchange && !exchange.request.complete) return exchange.send(report(failureOf(error, true), exchange));
    // Behind requests that were fine, which have their answers first.
    if (exchange && !exchange.response.writableFinished) return void (exchange.response.shouldKeepAlive = false);
    answer(failureOf(error, false), socket);
  };
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
