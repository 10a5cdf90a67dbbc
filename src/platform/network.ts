/** Client addresses in one spelling, and the networks that limits count. */
import { isIPv4, SocketAddress } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * The IP address in what a socket or a proxy calls its client, without the port that some proxies add, and IPv4 where
 * it is mapped into IPv6. Text that is no address, such as an obfuscated identifier of RFC 7239, stays as it is.
 */
export function plainAddress(text: string): string {
  if (isIPv4(text)) return text;
  const trimmed = text.trim();
  const host = SocketAddress.parse(trimmed)?.address ?? trimmed;
  return ipaddr.isValid(host) ? ipaddr.process(host).toString() : trimmed;
}

/** The range of one subscriber: an IPv4 address, or the /64 of an IPv6 address, whose lower half they choose freely. */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (isIPv4(plain) || !ipaddr.IPv6.isValid(plain)) return plain;
  const { parts } = ipaddr.IPv6.parse(plain);
  return `${parts
    .slice(0, 4)
    .map((part) => part.toString(16))
    .join(':')}::/64`;
}
