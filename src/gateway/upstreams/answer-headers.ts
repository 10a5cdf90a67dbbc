/** What of a module's answer goes on to the client: all that the module says, and nothing that the gateway says itself. */
import { securityHeaders } from '../security-headers.ts';

const always = securityHeaders().filter((_, index) => index % 2 === 0);
const ofConnection = ['Connection', 'Keep-Alive', 'Proxy-Authenticate', 'Proxy-Connection', 'TE', 'Trailer', 'Transfer-Encoding', 'Upgrade'];
const ofGateway = ['Content-Length', 'Date', 'Server', 'X-Request-Id', 'traceparent', 'RateLimit', 'RateLimit-Policy'];
const withheld = new Set([...always, ...ofConnection, ...ofGateway].map((name) => name.toLowerCase()));

/** Names and values by turns, as they came. */
export function passedHeaders(raw: readonly (Buffer | string)[]): string[] {
  const passed: string[] = [];
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index]!.toString('latin1');
    const lowerCase = name.toLowerCase();
    if (withheld.has(lowerCase)) continue;
    const value = raw[index + 1]!.toString('latin1');
    // A module that allows other origins by itself says what the gateway has said.
    if (lowerCase === 'vary' && value === 'Origin') continue;
    passed.push(name, value);
  }
  return passed;
}
