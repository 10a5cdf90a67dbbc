import type { RequestHandler } from 'express';
import helmet from 'helmet';

type Directives = Record<string, string[]>;

/** Helmet with what does something for answers that are no pages, or for the one page there is. */
export const securityHeaders = (
  directives: Directives = { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
): RequestHandler =>
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    xFrameOptions: { action: 'deny' },
    xDownloadOptions: false,
    xDnsPrefetchControl: false,
    xPermittedCrossDomainPolicies: false,
    xXssProtection: false,
    originAgentCluster: false,
  });

/** The same headers for what is answered without Express; names and values by turns. */
export function securityHeaderList(): string[] {
  const headers: string[] = [];
  const response = { setHeader: (name: string, value: string) => headers.push(name, value), removeHeader() {} };
  securityHeaders()({} as never, response as never, (error?: unknown) => {
    if (error) throw error;
  });
  return headers;
}
