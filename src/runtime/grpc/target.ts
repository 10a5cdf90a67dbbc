/** Where the replicas of a module are, as gRPC names it. */
import { isIPv4, isIPv6 } from 'node:net';

const hostAndPort = /^(?:\[([^\]]+)\]|([^[\]:/,\s]+)):(\d{1,5})$/;

/**
 * `dns:///library:50051` and other names of gRPC stay as they are; `library:50051` is looked up in DNS; IP addresses,
 * one or several with commas between, are all there is. Undefined for anything else.
 */
export function grpcTarget(text: string): string | undefined {
  if (/^dns:(?:\/\/[^/\s]*\/)?[^/\s,]+$/.test(text)) return text;
  const addresses = text.split(',').map((address) => hostAndPort.exec(address.trim()));
  if (addresses.some((address) => address === null || Number(address[3]) < 1 || Number(address[3]) > 65_535))
    return undefined;
  const hosts = addresses.map((address) => address![1] ?? address![2]!);
  const list = addresses.map((address) => address![0]).join(',');
  if (hosts.every((host) => isIPv4(host))) return `ipv4:${list}`;
  if (hosts.every((host) => isIPv6(host))) return `ipv6:${list}`;
  return hosts.length === 1 && !isIPv6(hosts[0]!) ? `dns:///${list}` : undefined;
}
