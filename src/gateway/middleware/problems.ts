/** Answers with what went wrong, as problem details (RFC 9457). */
import type { ErrorRequestHandler, Request, RequestHandler } from 'express';
import { platformErrors } from '#platform/errors.ts';
import type { Report } from '#runtime/http/problem.ts';
import { send } from '#runtime/http/send.ts';

const maxToldPath = 200;

export const nothingAt = ({ path }: Request) =>
  platformErrors.notFound(`There is nothing at ${path.slice(0, maxToldPath)}. See /docs.`);

export const notFound: RequestHandler = (request) => {
  throw nothingAt(request);
};

export const problems =
  (report: Report): ErrorRequestHandler =>
  (error: unknown, request, response, _next) => {
    // Express's router could not decode a parameter of the path.
    const failure =
      error instanceof URIError
        ? platformErrors.invalidRequest({ detail: 'The path is not properly encoded.', cause: error })
        : error;
    send(response, report(failure, request));
  };
