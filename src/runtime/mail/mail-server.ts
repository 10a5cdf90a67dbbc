/** The mail server that MAIL_URL names, and the sender in MAIL_FROM. */
export interface MailServer {
  readonly host: string;
  readonly port: number;
  /** From the first byte; otherwise STARTTLS where the server offers it. */
  readonly tls: boolean;
  /** A server that does not offer STARTTLS gets nothing. */
  readonly requireTls: boolean;
  readonly auth: { readonly user: string; readonly pass: string } | undefined;
}

export interface Sender {
  readonly name: string;
  readonly address: string;
}

/**
 * Reads `smtps://user:password@host:port`, or `smtp://` for STARTTLS. Throws an error that says what is wrong, without the
 * password. A password is not sent over a network in clear.
 */
export function mailServer(text: string): MailServer {
  const url = URL.parse(text);
  if (!url || !/^smtps?:$/.test(url.protocol) || url.hostname === '')
    throw new Error('must be an smtp:// or smtps:// URL, such as smtps://user:password@mail.example:465');
  if (/[^/]/.test(url.pathname) || url.search !== '' || url.hash !== '')
    throw new Error('must end with the host or the port');
  if ((url.username === '') !== (url.password === '')) throw new Error('must have a user and a password, or neither');
  const tls = url.protocol === 'smtps:';
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const auth =
    url.username === ''
      ? undefined
      : { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
  return {
    host,
    port: url.port === '' ? (tls ? 465 : 587) : Number(url.port),
    tls,
    requireTls: !tls && auth !== undefined && !isThisMachine(host),
    auth,
  };
}

const isThisMachine = (host: string): boolean => /^(localhost|127\.[\d.]+|::1)$/.test(host);

const senders = /^(?:(?<name>[^<>@\r\n]*[^<>@\s])\s*<(?<inner>[^<>\s]+)>|(?<plain>[^<>\s]+))$/;
const address = /^[\w.!#$%&'*+/=?^`{|}~-]+@[a-z\d-]+(\.[a-z\d-]+)*$/i;

/** Reads `Shop <no-reply@shop.example>`, or an address alone; undefined for anything else. */
export function senderOf(text: string): Sender | undefined {
  const { name = '', inner, plain } = senders.exec(text.trim())?.groups ?? {};
  const found = inner ?? plain ?? '';
  return address.test(found) ? { name: name.replace(/^"(.*)"$/, '$1'), address: found } : undefined;
}

/** The Message-ID of a mail (RFC 5322, 3.6.4). */
export const messageId = (id: string, { address }: Sender): string => `<${id}@${address.split('@')[1]!}>`;
