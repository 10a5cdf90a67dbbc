/** The address of a client, as far as the proxies in front are trusted to tell it. */
import type { Request } from 'express';
import parseForwarded from 'forwarded-parse';
import { plainAddress } from '#platform/network.ts';

export interface ProxyTrust {
  /** How many proxies in front may be believed about the client's address. */
  readonly trustProxy: number;
  /** The one header they write. A client could write the other one, so that is never read. */
  readonly trustProxyHeader: 'x-forwarded-for' | 'forwarded';
}

/** Makes what reads the address. Express knows how to read X-Forwarded-For, and has been told how many proxies there are. */
export function clientAddress({ trustProxy, trustProxyHeader }: ProxyTrust): (request: Request) => string {
  if (trustProxyHeader === 'x-forwarded-for') return ({ ip = '' }) => plainAddress(ip);
  return ({ headers, socket }) =>
    plainAddress(forwardedFor(headers.forwarded, trustProxy) ?? socket.remoteAddress ?? '');
}

/**
 * Goes from the nearest proxy outwards, `trustProxy` of them at most, up to one that does not name its client. A header
 * that cannot be parsed says nothing, since a client may have spoilt it: those clients share the address of the proxy.
 */
function forwardedFor(header: string | undefined, trustProxy: number): string | undefined {
  if (header === undefined || trustProxy === 0) return undefined;
  let client: string | undefined;
  try {
    for (const { for: name } of parseForwarded(header).slice(-trustProxy).reverse()) {
      if (!name) break;
      client = name;
    }
  } catch {
    return undefined;
  }
  return client;
}
