/** Seconds. The broker closes a connection that was silent for two of them; the next consumer then takes over. */
const heartbeat = '5';

export interface BrokerAddress {
  /** The URL to connect to, password included. */
  readonly url: string;
  /** For people to read. */
  readonly name: string;
}

export function brokerAddress(url: string): BrokerAddress {
  const parsed = new URL(url);
  const { hostname, port, protocol } = parsed;
  if (!parsed.searchParams.has('heartbeat')) parsed.searchParams.set('heartbeat', heartbeat);
  return { url: parsed.href, name: `${hostname}:${port || (protocol === 'amqps:' ? 5671 : 5672)}` };
}
