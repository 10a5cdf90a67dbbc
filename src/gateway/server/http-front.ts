/** The port of the program. It is opened when the program can answer; until then nobody is kept waiting at it. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ParserErrors } from './parser-errors.ts';
import { serverOptions } from './server-options.ts';

/** Milliseconds. */
const handshakeTimeout = 10_000;
const lookForIdle = 20;
/** For a request on a connection that has had none, once the port is closed. */
const firstRequest = 1_000;

interface Place {
  readonly host: string;
  readonly port: number;
}

/** A certificate for the port; it may change while the program runs. */
export interface FrontCertificate {
  /** With `ca`, clients are asked for a certificate of that authority; who has none is let in, and judged later. */
  current(): { readonly cert: Buffer; readonly key: Buffer; readonly ca?: Buffer };
  onChange(listener: () => void): void;
}

interface Served {
  readonly app: RequestListener;
  readonly clientError: ParserErrors['clientError'];
  /** From now on it is not ready, and clients are told to connect elsewhere. */
  drain(): void;
}

export class HttpFront {
  readonly #gateway: Served;
  readonly #server: Server | SecureServer;
  /** Connections that have asked nothing yet, such as a browser's reserve. To Node they are not idle. */
  readonly #silent = new Set<Duplex>();

  private constructor(gateway: Served, certificate: FrontCertificate | undefined) {
    this.#gateway = gateway;
    this.#server = certificate ? secureServer(certificate, gateway.app) : createServer(serverOptions, gateway.app);
    this.#server.on('clientError', gateway.clientError);
    this.#server.on(certificate ? 'secureConnection' : 'connection', (socket: Duplex) => {
      this.#silent.add(socket);
      socket.once('close', () => this.#silent.delete(socket));
    });
    this.#server.on('request', ({ socket }) => this.#silent.delete(socket));
  }

  /** HTTPS with a certificate, otherwise HTTP. */
  static async open(gateway: Served, place: Place, certificate?: FrontCertificate): Promise<HttpFront> {
    const front = new HttpFront(gateway, certificate);
    await listen(front.#server, place);
    return front;
  }

  /** The port of probes and scrapes. Plain HTTP: it is for the network inside. */
  static async openManagement(
    gateway: Served & { readonly management: RequestListener },
    place: Place,
  ): Promise<HttpFront> {
    const front = new HttpFront({ ...gateway, app: gateway.management }, undefined);
    await listen(front.#server, place);
    return front;
  }

  /** Without a slash at the end. */
  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo;
    const anywhere = address === '0.0.0.0' || address === '::';
    const host = anywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
    return `${this.#server instanceof SecureServer ? 'https' : 'http'}://${host}:${port}`;
  }

  /**
   * Says that it is not ready, and goes on for `delay` milliseconds, so that load balancers see it and clients are told
   * to connect elsewhere. Then takes no new connections and lets the requests under way finish; cuts them off `timeout`
   * milliseconds after the call. A connection is closed between requests only.
   */
  async close(timeout: number, delay = 0): Promise<void> {
    if (!this.#server.listening) return;
    this.#gateway.drain();
    const grace = Math.min(delay, timeout);
    if (grace > 0) await sleep(grace);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // A connection whose last request is answered is kept alive by its client, and would hold up the end.
    const idle = setInterval(() => this.#server.closeIdleConnections(), lookForIdle);
    const silent = setTimeout(() => this.#silent.forEach((socket) => socket.destroy()), firstRequest);
    const cutOff = setTimeout(() => this.#server.closeAllConnections(), timeout - grace);
    await closed;
    clearInterval(idle);
    clearTimeout(silent);
    clearTimeout(cutOff);
  }
}

function secureServer(certificate: FrontCertificate, answer: RequestListener): SecureServer {
  const context = () => ({ ...certificate.current(), minVersion: 'TLSv1.2' as const });
  const requestCert = certificate.current().ca !== undefined;
  const server = createSecureServer(
    { ...serverOptions, ...context(), handshakeTimeout, requestCert, rejectUnauthorized: false },
    answer,
  );
  certificate.onChange(() => server.setSecureContext(context()));
  return server;
}

export function listen(server: NetServer, { host, port }: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
