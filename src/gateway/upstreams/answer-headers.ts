/** Headers of a module's answer that go on to the client: all that the module says, and nothing that the gateway says itself. */
import type { Response } from 'express';
import { securityHeaderList } from '../middleware/security-headers.ts';

const always = securityHeaderList().flatMap((name, index) => (index % 2 === 0 ? name.toLowerCase() : []));
const ofConnection = [
  'Connection',
  'Keep-Alive',
  'Proxy-Authenticate',
  'Proxy-Connection',
  'TE',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
];
const ofGateway = ['Content-Length', 'Date', 'Server', 'X-Request-Id', 'traceparent', 'RateLimit', 'RateLimit-Policy'];
const withheld = new Set([...ofConnection, ...ofGateway].map((name) => name.toLowerCase()));
const isSafety = (name: string) => always.includes(name) || name.startsWith('access-control-');

/** Adds them to the answer; `raw` has names and values by turns, as they came. */
export function passHeaders(raw: readonly (Buffer | string)[], response: Response): void {
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!.toString('latin1');
    const lowerCase = name.toLowerCase();
    if (withheld.has(lowerCase)) continue;
    const value = raw[index + 1]!.toString('latin1');
    if (isSafety(lowerCase)) {
      // A site knows better what its pages may do.
      if (response.req.context.route?.site) response.setHeader(name, value);
      continue;
    }
    // Both the module and the gateway may have something to vary by.
    if (lowerCase === 'vary') response.vary(value);
    else response.appendHeader(name, value);
  }
}
