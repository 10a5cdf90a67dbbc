import nodemailer from 'nodemailer';
import type { Letter, Postman } from './postman.ts';
import { Undeliverable } from './postman.ts';
import { type MailServer, messageId, type Sender } from './mail-server.ts';

/** Milliseconds until a server that does not answer is given up, for this try. */
const timeouts = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 30_000 };
const connections = 4;

/** nodemailer's error: its own code, and the reply of the server where there was one (RFC 5321). */
interface SmtpError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
  /** The command that was answered: `RCPT TO`, `DATA`. */
  readonly command?: string;
}

/** Sends through a server, over connections that are kept for the next letters. */
export function smtpPostman({ host, port, tls, requireTls, auth }: MailServer, from: Sender): Postman {
  const transport = nodemailer.createTransport({
    pool: true,
    maxConnections: connections,
    host,
    port,
    secure: tls,
    requireTLS: requireTls,
    ...(auth && { auth }),
    ...timeouts,
    // A letter is text: nothing in it makes this program read a file or fetch a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async deliver(letter) {
      try {
        const { response } = await transport.sendMail(asMail(letter, from));
        return response;
      } catch (error) {
        if (isRefused(error as SmtpError)) throw new Undeliverable((error as SmtpError).message, { cause: error });
        throw error;
      }
    },
    close: () => transport.close(),
  };
}

const asMail = (letter: Letter, from: Sender) => ({
  from,
  to: { name: '', address: letter.to },
  subject: letter.subject,
  text: letter.text,
  html: letter.html,
  messageId: messageId(letter.id, from),
  // Holiday notices and the like do not answer it (RFC 3834).
  headers: { 'Auto-Submitted': 'auto-generated' },
});

/**
 * Tells whether the server will never take this letter: a permanent reply to its recipient or to its content. Other permanent
 * replies, such as to the password or to the sender, are about our settings and hold for every letter until they are mended.
 */
const isRefused = ({ responseCode = 0, command = '' }: SmtpError): boolean =>
  responseCode >= 500 && responseCode < 600 && (command === 'RCPT TO' || command === 'DATA');
