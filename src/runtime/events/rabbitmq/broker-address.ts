/** Seconds. The broker closes a connection that was silent for two of them; the next consumer then takes over. */
const heartbeat = '5';

export interface BrokerAddress {
  /** The URL to connect to, password included. */
  readonly url: string;
  /** One. */
  readonly brokers: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  /** For people to read. */
  readonly name: string;
}

/** Throws an error whose message says what is wrong with the URL, and never holds the password. */
export function brokerAddress(url: string): BrokerAddress {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.hostname === '')
    throw new Error(
      'it has to look like amqp://user:password@host:5672/vhost, with special characters percent-encoded.',
    );
  const { hostname, protocol, searchParams } = parsed;
  const tls = protocol === 'amqps:';
  const port = Number(parsed.port || (tls ? 5671 : 5672));
  if (!searchParams.has('heartbeat')) searchParams.set('heartbeat', heartbeat);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { url: parsed.href, brokers: [{ host, port }], tls, name: `${hostname}:${port}` };
}
