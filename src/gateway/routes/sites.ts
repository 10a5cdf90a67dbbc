// ADR 0078
/** Sites: handlers of modules' own for some paths. */
import { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { ServedModule } from '#runtime/http/endpoint-handler.ts';
import type { SitePath } from '#platform/site.ts';
import { nothingAt } from '../middleware/problems.ts';
import type { Route } from '../routes.ts';

interface Site {
  readonly paths: readonly SitePath[];
}

interface ModuleOf<S extends Site> {
  readonly name: string;
  readonly sites?: readonly S[];
}

/** The routes of a module's sites, each with its answer. */
export const routesOfSites = <S extends Site>(
  { name, sites = [] }: ModuleOf<S>,
  answerOf: (site: S) => Route['answer'],
): Route[] =>
  sites.flatMap((site) =>
    site.paths.flatMap((url) =>
      (['GET', 'POST'] as const).map((method) => ({
        method,
        url,
        access: 'anyone' as const,
        module: name,
        site: true as const,
        operational: false,
        answer: answerOf(site),
      })),
    ),
  );

/** The sites of modules that run in this process. */
export function siteRoutes(modules: readonly ServedModule[], publicUrl: string): Route[] {
  const { host, protocol } = new URL(publicUrl);
  const asSentTo = { host, 'x-forwarded-proto': protocol.slice(0, -1) };
  return modules.flatMap((module) =>
    routesOfSites(module, ({ handle }) => (request, response, next) => {
      // A page is one person's, unless its site says otherwise.
      response.setHeader('Cache-Control', 'no-store');
      const otherwise = (error: unknown = nothingAt(request)) => next(error);
      return handle(unread(request, asSentTo), response, otherwise) as void;
    }),
  );
}

const aboutTheWay = ['forwarded', 'x-forwarded-host', 'x-forwarded-port', 'x-forwarded-proto', 'host'];

/**
 * The same request, sent to the public origin: a site that makes links of Host would make them for whoever wrote the
 * header. A body that was read is there to be read again.
 */
function unread(request: Request, asSentTo: Readonly<Record<string, string>>): IncomingMessage {
  const { headers, context } = request;
  for (const name of aboutTheWay) delete headers[name];
  Object.assign(headers, asSentTo);
  const body = request.body as Buffer | undefined;
  if (body === undefined) return request;
  const { method, url, originalUrl, httpVersion, httpVersionMajor, httpVersionMinor, rawHeaders, socket } = request;
  const same = new IncomingMessage(socket);
  Object.assign(same, {
    method,
    url,
    originalUrl,
    httpVersion,
    httpVersionMajor,
    httpVersionMinor,
    rawHeaders,
    context,
  });
  // With its length, also where it came in chunks.
  delete headers['transfer-encoding'];
  same.headers = { ...headers, 'content-length': String(body.length) };
  same.complete = true;
  same.push(body);
  same.push(null);
  return same;
}
