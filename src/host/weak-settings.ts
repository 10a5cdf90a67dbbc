/** Settings that are fine for a try and weak in production: a line each, said at every start there. */
import { brokerOf } from './brokers.ts';
import type { Configuration } from './configuration.ts';

export function weakSettings(configuration: Configuration, isGateway: boolean): readonly string[] {
  const {
    production,
    mail,
    host,
    tls,
    peerTls,
    trustProxy,
    rateLimit,
    wire,
    databaseUrl,
    eventsUrl,
    redisUrl,
    jwksUrl,
    publicUrl,
  } = configuration;
  if (!production) return [];
  const plainHttp = isGateway && tls === undefined && trustProxy === 0 && leavesMachine(host);
  const plain = Object.entries({
    DATABASE_URL: isPlain(databaseUrl, (url) => /^(require|verify-)/.test(url.searchParams.get('sslmode') ?? '')),
    EVENTS_URL: eventsUrl !== undefined && isPlainBroker(eventsUrl),
    MAIL_URL: mail !== undefined && !mail.server.tls && !mail.server.requireTls && leavesMachine(mail.server.host),
    REDIS_URL: isPlain(redisUrl, ({ protocol }) => protocol === 'rediss:'),
    JWKS_URL: isPlain(jwksUrl, ({ protocol }) => protocol === 'https:'),
  });
  const lines = [
    peerTls === 'off' &&
      'PEER_TLS=off: anybody in the network between the processes can read, change and make their calls.',
    plainHttp && 'HTTP without TLS: set TLS_CERT and TLS_KEY, or TRUST_PROXY behind a proxy that speaks TLS.',
    isPlainHttp(publicUrl) &&
      `PUBLIC_URL is ${publicUrl}: people send passwords there, and links in mails lead there. Give the https:// origin they use.`,
    isGateway && rateLimit === 0 && 'RATE_LIMIT_PER_MINUTE=0: requests are not limited.',
    wire && 'CALLS=wire: calls between modules are slowed down and may be made to fail.',
    ...plain.map(
      ([variable, weak]) => weak && `${variable} without TLS: what passes can be read and changed on the way.`,
    ),
  ];
  return lines.filter((line) => typeof line === 'string').map((line) => `Weak setting: ${line}`);
}

const isPlainHttp = (url: string) => url.startsWith('http:');

function isPlain(text: string | undefined, isEncrypted: (url: URL) => boolean): boolean {
  const url = text === undefined ? null : URL.parse(text);
  return url !== null && leavesMachine(url.hostname) && !isEncrypted(url);
}

function isPlainBroker(url: string): boolean {
  const { brokers, tls } = brokerOf(url);
  return !tls && brokers.some(({ host }) => leavesMachine(host));
}

/** False for a name without a dot too, which is one of a network of containers. */
const leavesMachine = (host: string): boolean => /[.:]/.test(host) && !/^(127\.|\[?::1\]?$)/.test(host);
