/** A real mail server in this process, for tests: it takes what it is sent, or refuses it as it is told. */
import { SMTPServer, type SMTPServerAddress, type SMTPServerOptions } from 'smtp-server';

export interface ReceivedMail {
  readonly from: string;
  readonly to: string;
  readonly secure: boolean;
  /** Who logged in. */
  readonly user: string | undefined;
  /** By their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly html: string;
}

export interface Mailbox {
  readonly port: number;
  readonly received: ReceivedMail[];
  /** Connections that are open. */
  readonly connections: number;
  /** Answers `RCPT TO` from now on: a reply to refuse with, or undefined to take it. */
  answerRecipient: (address: string) => { code: number; text: string } | undefined;
  /** Answers the end of `DATA` likewise. */
  answerContent: () => { code: number; text: string } | undefined;
  close(): Promise<void>;
}

export type MailboxOptions = Pick<SMTPServerOptions, 'secure' | 'key' | 'cert' | 'maxClients'> & {
  readonly port?: number;
  readonly login?: { readonly user: string; readonly pass: string };
};

export async function mailbox({ port = 0, login, ...options }: MailboxOptions = {}): Promise<Mailbox> {
  const received: ReceivedMail[] = [];
  let open = 0;
  const server = new SMTPServer({
    authOptional: login === undefined,
    disabledCommands: [
      ...(login === undefined ? ['AUTH' as const] : []),
      ...(options.cert === undefined ? ['STARTTLS' as const] : []),
    ],
    ...options,
    onConnect: (_session, done) => {
      open++;
      done();
    },
    onClose: () => void open--,
    onAuth: ({ username, password }, _session, done) =>
      username === login?.user && password === login?.pass
        ? done(null, { user: username })
        : done(Object.assign(new Error('Wrong user or password'), { responseCode: 535 })),
    onRcptTo: ({ address }, _session, done) => done(refusal(box.answerRecipient(address))),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const refused = refusal(box.answerContent());
        if (!refused) {
          const { mailFrom, rcptTo } = session.envelope;
          received.push({
            from: (mailFrom as SMTPServerAddress).address,
            to: rcptTo.map(({ address }) => address).join(),
            secure: session.secure,
            user: session.user as string | undefined,
            ...parsed(Buffer.concat(chunks).toString('latin1')),
          });
        }
        done(refused);
      });
    },
  });
  // A client that breaks off is no failure of the server.
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const box: Mailbox = {
    port: (server.server.address() as { port: number }).port,
    received,
    get connections() {
      return open;
    },
    answerRecipient: () => undefined,
    answerContent: () => undefined,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
  return box;
}

const refusal = (answer: { code: number; text: string } | undefined) =>
  answer && Object.assign(new Error(answer.text), { responseCode: answer.code });

/** Takes apart a message of two parts, text and HTML (RFC 2045, 2046), which is all that this program sends. */
function parsed(raw: string): Pick<ReceivedMail, 'headers' | 'text' | 'html'> {
  const { headers, body } = headed(raw);
  const boundary = /boundary="([^"]+)"/.exec(headers['content-type'] ?? '')?.[1];
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => headed(part.replace(/^\r\n/, '')));
  const content = (type: string) => {
    const part = parts.find(({ headers }) => headers['content-type']?.startsWith(type));
    return part ? decoded(part.body, part.headers['content-transfer-encoding'] ?? '').trimEnd() : '';
  };
  return { headers, text: content('text/plain'), html: content('text/html') };
}

function headed(raw: string) {
  const [head = ''] = raw.split('\r\n\r\n', 1);
  const lines = head.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  return { headers, body: raw.slice(head.length + 4) };
}

function decoded(body: string, encoding: string): string {
  const bytes =
    encoding === 'base64'
      ? Buffer.from(body, 'base64')
      : Buffer.from(
          encoding === 'quoted-printable'
            ? body
                .replaceAll('=\r\n', '')
                .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
            : body,
          'latin1',
        );
  return bytes.toString('utf8').replaceAll('\r\n', '\n');
}
