/** The description of everything served: /openapi.json for programs, /docs for people. Nothing is loaded from elsewhere. */
import { gzipSync } from 'node:zlib';
import { readAsset } from '#platform/assets.ts';
import type { Exchange } from '#runtime/http/exchange.ts';
import { httpErrors } from '#runtime/http/http-errors.ts';
import { type DocumentedModule, openApiDocument } from '#runtime/http/openapi/document.ts';
import type { SentAnswer } from '#runtime/http/rendered-answer.ts';
import { securityHeaders } from './security-headers.ts';

export interface Document {
  readonly url: string;
  answer(exchange: Exchange): Promise<SentAnswer>;
}

/** RapiDoc styles its elements one by one, which counts as inline. */
const pageHeaders = securityHeaders({
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'unsafe-inline'"],
  'connect-src': ["'self'"],
  'img-src': ['data:'],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
});
const unchanging = 'public, max-age=3600';

/** The same for the same modules, wherever they run. */
export function documentation(modules: readonly DocumentedModule[], version: string): Document[] {
  const sorted = modules.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const page = document('/docs', 'text/html', 'no-cache', () => readAsset('src/gateway/docs/page.html'));
  return [
    { url: '/', answer: async () => ({ status: 302, headers: ['Location', page.url], body: undefined }) },
    document('/openapi.json', 'application/json', 'no-cache', () => JSON.stringify(openApiDocument(sorted, version))),
    {
      url: page.url,
      answer(exchange) {
        for (let index = 0; index < pageHeaders.length; index += 2) exchange.header(pageHeaders[index]!, pageHeaders[index + 1]!);
        return page.answer(exchange);
      },
    },
    document('/docs/page.js', 'text/javascript', unchanging, () => readAsset('src/gateway/docs/page.js')),
    document('/docs/rapidoc.js', 'text/javascript', unchanging, () => readAsset('node_modules/rapidoc/dist/rapidoc-min.js')),
  ];
}

/** Read and compressed when it is first asked for, since most processes never are. */
function document(url: string, type: string, caching: string, read: () => string): Document {
  let plain: string | undefined;
  let zipped: Buffer | undefined;
  const headers = ['Content-Type', `${type}; charset=utf-8`, 'Cache-Control', caching, 'Vary', 'Accept-Encoding'];
  return {
    url,
    async answer({ request }) {
      plain ??= read();
      const coding = request.acceptsEncodings('gzip', 'identity');
      if (coding === false) throw httpErrors.notAcceptable('This is sent with gzip or without a coding.');
      if (coding === 'identity') return { status: 200, headers, body: plain };
      zipped ??= gzipSync(plain);
      return { status: 200, headers: [...headers, 'Content-Encoding', 'gzip'], body: zipped };
    },
  };
}
