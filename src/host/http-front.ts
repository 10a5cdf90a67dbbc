/**
 * The port. It is taken before anything else is opened, so that a taken one costs nothing; until the program is ready
 * whoever asks is told to come back.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { platformErrors } from '#platform/errors.ts';
import { problemType } from '#platform/http/problem.ts';
import type { GatewayApp } from '../gateway/app.ts';
import { serverOptions } from '../gateway/server-options.ts';
import type { Configuration } from './configuration.ts';
import { StartupError } from './startup-error.ts';

/** Milliseconds. */
const lookForIdle = 20;

const { code, summary } = platformErrors.unavailable;
const starting = { type: problemType(code), title: summary, status: 503, detail: 'The program is starting. Try again in a moment.', code };

const notYet: RequestListener = (_, response) => {
  const requestId = randomUUID();
  const headers = { 'Cache-Control': 'no-store', 'Retry-After': '1', 'X-Request-Id': requestId, Connection: 'close' };
  response.writeHead(503, { 'Content-Type': 'application/problem+json', ...headers });
  response.end(JSON.stringify({ ...starting, requestId }));
};

/** A certificate for the port; it may change while the program runs. */
export interface FrontCertificate {
  /** With `ca`, clients are asked for a certificate of that authority; who has none is let in, and judged later. */
  current(): { readonly cert: Buffer; readonly key: Buffer; readonly ca?: Buffer };
  onChange(listener: () => void): void;
}

export class HttpFront {
  readonly #server: Server | SecureServer;
  #gateway: GatewayApp | undefined;

  private constructor(certificate: FrontCertificate | undefined) {
    const answer: RequestListener = (request, response) => (this.#gateway?.app ?? notYet)(request, response);
    this.#server = certificate ? secureServer(certificate, answer) : createServer(serverOptions, answer);
  }

  /** HTTPS with a certificate, otherwise HTTP. */
  static async listen({ host, port }: Pick<Configuration, 'host' | 'port'>, certificate?: FrontCertificate): Promise<HttpFront> {
    const front = new HttpFront(certificate);
    await new Promise<void>((resolve, reject) => {
      front.#server.once('error', (error: NodeJS.ErrnoException) => reject(cannotListen(error, host, port)));
      front.#server.listen(port, host, resolve);
    });
    return front;
  }

  /** From now on the gateway answers. */
  open(gateway: GatewayApp): void {
    this.#gateway = gateway;
  }

  /** Without a slash at the end. */
  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    const anywhere = address === '0.0.0.0' || address === '::';
    const host = anywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
    return `${this.#server instanceof SecureServer ? 'https' : 'http'}://${host}:${port}`;
  }

  /** Takes no new connections and lets the requests under way finish; cuts them off after `timeout` milliseconds. */
  async close(timeout: number): Promise<void> {
    if (!this.#server.listening) return;
    this.#gateway?.drain();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // A connection whose last request is answered is kept alive by its client, and would hold up the end.
    const idle = setInterval(() => this.#server.closeIdleConnections(), lookForIdle);
    const cutOff = setTimeout(() => this.#server.closeAllConnections(), timeout);
    await closed;
    clearInterval(idle);
    clearTimeout(cutOff);
  }
}

function secureServer(certificate: FrontCertificate, answer: RequestListener): SecureServer {
  const context = () => ({ ...certificate.current(), minVersion: 'TLSv1.2' as const });
  const requestCert = certificate.current().ca !== undefined;
  const server = createSecureServer({ ...serverOptions, ...context(), requestCert, rejectUnauthorized: false }, answer);
  certificate.onChange(() => server.setSecureContext(context()));
  return server;
}

function cannotListen(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const reason = {
    EADDRINUSE: `Port ${port} on ${host} is taken. Stop what uses it, or choose another with PORT.`,
    EACCES: `Port ${port} needs more rights than this user has. Choose one above 1023 with PORT.`,
    EADDRNOTAVAIL: `This machine has no address ${host}. Choose another with HOST.`,
  }[error.code ?? ''];
  return reason === undefined ? error : new StartupError(reason);
}
