/** The layer between Node's server and Express. */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Express, Request, Response } from 'express';
import type { Logger } from '#platform/logger.ts';
import { httpErrors } from '#runtime/http/http-errors.ts';
import type { Report } from '#runtime/http/problem.ts';
import { send } from '#runtime/http/send.ts';
import { type Latest, ParserErrors } from './parser-errors.ts';

export class Listening {
  readonly #report: Report;
  /**
   * By open connection. Not a set of the responses under way: V8 copies a set in which much comes and goes, and each dead
   * copy in the old generation keeps alive what it held and the copy after it.
   */
  readonly #latest = new Map<Duplex, Latest>();
  readonly #parserErrors: ParserErrors;
  #draining = false;

  constructor({ logger, report }: { logger: Logger; report: Report }) {
    this.#report = report;
    this.#parserErrors = new ParserErrors(logger, (socket) => this.#latest.get(socket));
  }

  /** For `createServer`. Requests go to `app` unless they are turned away. */
  listener(app: Express, turnsAway: (request: IncomingMessage, response: ServerResponse) => boolean): RequestListener {
    return (request, response) => {
      // Makes Node say `Connection: close`, and mean it.
      if (this.#draining) response.shouldKeepAlive = false;
      if (turnsAway(request, response)) return;
      const fail: Latest['fail'] = (error) => send(response as Response, this.#report(error, request as Request));
      this.#remember(request.socket, { request, response, fail });
      app(request as Request, response as Response, () => {
        // Every error is answered in Express, and what fails after that (such as the work of a request whose time is up) is
        // of no use to anybody. Without a context no step has seen the request: its target cannot be parsed.
        if ((request as Request).context === undefined)
          this.#parserErrors.refuse(httpErrors.malformedRequest('The target is not a URL.'), response);
      });
    };
  }

  get clientError(): ParserErrors['clientError'] {
    return this.#parserErrors.clientError;
  }

  /** From now on every answer that begins asks its client to connect anew, also that to a request from before. */
  drain(): void {
    this.#draining = true;
    for (const { response } of this.#latest.values()) if (!response.headersSent) response.shouldKeepAlive = false;
  }

  #remember(socket: Duplex, latest: Latest): void {
    if (!this.#latest.has(socket)) socket.once('close', () => this.#latest.delete(socket));
    this.#latest.set(socket, latest);
  }
}
