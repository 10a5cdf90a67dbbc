import helmet from 'helmet';

type HelmetOptions = Exclude<Parameters<typeof helmet>[0], undefined>;
type Directives = Record<string, string[]>;

/** What does something for answers that are no pages, or for the one page there is. */
const options = (directives: Directives): HelmetOptions => ({
  contentSecurityPolicy: { useDefaults: false, directives },
  xFrameOptions: { action: 'deny' },
  xDownloadOptions: false,
  xDnsPrefetchControl: false,
  xPermittedCrossDomainPolicies: false,
  xXssProtection: false,
  originAgentCluster: false,
});

/** Helmet's headers, names and values by turns. They are the same for every answer, so helmet is asked once. */
export function securityHeaders(directives: Directives = { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] }): string[] {
  const headers: string[] = [];
  const response = { setHeader: (name: string, value: string) => headers.push(name, value), removeHeader() {} };
  helmet(options(directives))({} as never, response as never, (error?: unknown) => {
    if (error) throw error;
  });
  return headers;
}
