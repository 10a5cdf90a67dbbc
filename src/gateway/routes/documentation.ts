/**
 * The description of everything served and announced: /openapi.json and /asyncapi.json for programs, /docs for people.
 * Nothing is loaded from elsewhere.
 */
import type { RequestHandler } from 'express';
import { readAsset } from '#platform/assets.ts';
import { type AnnouncingModule, asyncApiDocument } from '#runtime/events/asyncapi/document.ts';
import type { Wire } from '#runtime/events/wire.ts';
import { httpErrors } from '#runtime/http/http-errors.ts';
import { type DocumentedModule, openApiDocument } from '#runtime/http/openapi/document.ts';
import { securityHeaders } from '../middleware/security-headers.ts';
import type { Route } from '../routes.ts';
import { eventsPage } from './events-page.ts';

/** RapiDoc styles its elements one by one, which counts as inline. */
const pageHeaders = securityHeaders({
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'connect-src': ["'self'"],
  'img-src': ['data:'],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
});
const unchanging = 'public, max-age=3600';

export interface Documented {
  /** Modules of this process, and modules reached through it. */
  readonly modules: readonly (DocumentedModule & AnnouncingModule)[];
  /** The broker that carries their events, if there is one. */
  readonly wire: Wire | undefined;
  /** The program's version. */
  readonly version: string;
  /** The origin that people use, where applications are given access. */
  readonly publicUrl: string;
}

/** The same for the same modules, wherever they run. */
export function documentation({ modules, wire, version, publicUrl }: Documented): Route[] {
  const sorted = modules.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const described = () => asyncApiDocument(sorted, version, wire);
  const page = (read: () => string): RequestHandler => {
    const answer = document('text/html', 'no-cache', read);
    return (request, response, next) => pageHeaders(request, response, () => answer(request, response, next));
  };
  return [
    route('/', (_request, response) => response.status(302).location('/docs').end()),
    route(
      '/openapi.json',
      document('application/json', 'no-cache', () => JSON.stringify(openApiDocument(sorted, { version, publicUrl }))),
    ),
    route(
      '/asyncapi.json',
      document('application/json', 'no-cache', () => JSON.stringify(described())),
    ),
    route(
      '/docs',
      page(() => readAsset('src/gateway/docs/page.html')),
    ),
    route(
      '/docs/events',
      page(() => eventsPage(described())),
    ),
    route(
      '/docs/docs.css',
      document('text/css', unchanging, () => readAsset('src/gateway/docs/docs.css')),
    ),
    route(
      '/docs/page.js',
      document('text/javascript', unchanging, () => readAsset('src/gateway/docs/page.js')),
    ),
    route(
      '/docs/rapidoc.js',
      document('text/javascript', unchanging, () => readAsset('node_modules/rapidoc/dist/rapidoc-min.js')),
    ),
  ];
}

const route = (url: string, answer: RequestHandler): Route => ({
  method: 'GET',
  url,
  access: 'anyone',
  operational: false,
  answer,
});

/** Read when it is first asked for, since most processes never are. */
function document(type: string, caching: string, read: () => string): RequestHandler {
  let text: string | undefined;
  return (request, response) => {
    if (request.acceptsEncodings('br', 'gzip', 'deflate', 'identity') === false)
      throw httpErrors.notAcceptable('This is sent with br, gzip, deflate or without a coding.');
    text ??= read();
    response.set({ 'Content-Type': `${type}; charset=utf-8`, 'Cache-Control': caching }).send(text);
  };
}
