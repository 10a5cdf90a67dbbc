import type { ApplicationKind } from './applications.ts';

const loopbacks = new Set(['127.0.0.1', '[::1]', 'localhost']);
/** A scheme of an app's own is a domain in reverse (RFC 8252, 7.1): `com.example.app`. It shuts out `javascript:` and `data:`. */
const ownScheme = /^[a-z][a-z0-9+-]*(\.[a-z0-9+-]+)+:$/;

/** True for the address of an app on the person's own machine, whose port is not known beforehand (RFC 8252, 7.3). */
export const isNative = (uri: string): boolean => {
  const url = URL.parse(uri);
  return url !== null && (ownScheme.test(url.protocol) || (url.protocol === 'http:' && loopbacks.has(url.hostname)));
};

/** The objection to a redirect URI, for the administrator who registers it; browsers are sent to exactly what is registered. */
export function objectionTo(uri: string, kind: ApplicationKind): string | undefined {
  const url = URL.parse(uri);
  if (url === null) return 'Give an absolute URL.';
  if (uri.includes('#')) return 'Leave the fragment out: it never reaches the application.';
  if (uri.includes('*')) return 'Give each URL in full: there are no wildcards.';
  if (url.username || url.password) return 'Leave user name and password out.';
  if (url.protocol === 'https:' || (url.protocol === 'http:' && loopbacks.has(url.hostname))) return undefined;
  if (kind === 'public' && ownScheme.test(url.protocol)) return undefined;
  return kind === 'public'
    ? 'Use https, http on loopback, or a scheme that is a domain in reverse, such as com.example.app:/done.'
    : 'Use https; http is for loopback only.';
}
