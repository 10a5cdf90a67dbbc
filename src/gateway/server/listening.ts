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
  readonly #latest = new WeakMap<Duplex, Latest>();
  readonly #parserErrors: ParserErrors;
  readonly #open = new Set<ServerResponse>();
  #draining = false;

  constructor({ logger, report }: { logger: Logger; report: Report }) {
    this.#report = report;
    this.#parserErrors = new ParserErrors(logger, (socket) => this.#latest.get(socket));
  }

  /** For `createServer`. Requests go to `app` unless they are turned away. */
  listener(app: Express, turnsAway: (request: IncomingMessage, response: ServerResponse) => boolean): RequestListener {
    return (request, response) => {
      this.#watch(response);
      if (turnsAway(request, response)) return;
      const fail: Latest['fail'] = (error) => send(response as Response, this.#report(error, request as Request));
      this.#latest.set(request.socket, { request, response, fail });
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
    for (const response of this.#open) if (!response.headersSent) response.shouldKeepAlive = false;
  }

  #watch(response: ServerResponse): void {
    // Makes Node say `Connection: close`, and mean it.
    if (this.#draining) response.shouldKeepAlive = false;
    this.#open.add(response);
    response.once('close', () => this.#open.delete(response));
  }
}
