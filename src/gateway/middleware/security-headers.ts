import type { RequestHandler } from 'express';
import helmet from 'helmet';

type Directives = Record<string, string[]>;

/** Helmet's headers: what does something for answers that are no pages, or for the one page there is. */
function headersOf(directives: Directives = { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] }) {
  const headers = new Map<string, string>();
  const response = { setHeader: (name: string, value: string) => headers.set(name, value), removeHeader() {} };
  const setHeaders = helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    xFrameOptions: { action: 'deny' },
    xDownloadOptions: false,
    xDnsPrefetchControl: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    originAgentCluster: false,
  });
  setHeaders({} as never, response as never, (error?: unknown) => {
    if (error) throw error;
  });
  return headers;
}

/** Helmet is asked once, since it sets the same headers for every answer. */
export function securityHeaders(directives?: Directives): RequestHandler {
  const headers = headersOf(directives);
  return (_request, response, next) => {
    response.setHeaders(headers);
    next();
  };
}

/** The same headers for what is answered without Express; names and values by turns. */
export const securityHeaderList = (): string[] => [...headersOf()].flat();
