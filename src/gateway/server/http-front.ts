/** The port of the program. It is opened when the program can answer; until then nobody is kept waiting at it. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import { type AddressInfo, createServer as createProbe, type Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gateway } from '../gateway/gateway.ts';
import { serverOptions } from '../gateway/server/server-options.ts';
import type { Place } from './configuration.ts';
import { StartupError } from './startup-error.ts';

/** Milliseconds. */
const handshakeTimeout = 10_000;
const lookForIdle = 20;
/** For a request on a connection that has had none, once the port is closed. */
const firstRequest = 1_000;

/** The variables that say where a port is. */
interface PlaceVariables {
  readonly host: string;
  readonly port: string;
}

const publicPort: PlaceVariables = { host: 'HOST', port: 'PORT' };
export const managementPort: PlaceVariables = { host: 'MANAGEMENT_HOST', port: 'MANAGEMENT_PORT' };

/** Refuses a port that cannot be listened on, before anything is created that would be in vain. */
export async function checkPort(place: Place, variables = publicPort): Promise<void> {
  const probe = createProbe();
  await listen(probe, place, variables);
  await new Promise((resolve) => probe.close(resolve));
}

/** A certificate for the port; it may change while the program runs. */
export interface FrontCertificate {
  /** With `ca`, clients are asked for a certificate of that authority; who has none is let in, and judged later. */
  current(): { readonly cert: Buffer; readonly key: Buffer; readonly ca?: Buffer };
  onChange(listener: () => void): void;
}

type Served = Pick<Gateway, 'app' | 'clientError' | 'drain'>;

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
    await listen(front.#server, place, publicPort);
    return front;
  }

  /** The port of probes and scrapes. Plain HTTP: it is for the network inside. */
  static async openManagement(gateway: Gateway, place: Place): Promise<HttpFront> {
    const front = new HttpFront({ ...gateway, app: gateway.management }, undefined);
    await listen(front.#server, place, managementPort);
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

function listen(server: NetServer, { host, port }: Place, variables: PlaceVariables): Promise<void> {
  return new Promise((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException) => reject(cannotListen(error, { host, port }, variables));
    server.once('error', refused);
    server.listen(port, host, () => {
      server.off('error', refused);
      resolve();
    });
  });
}

function cannotListen(error: NodeJS.ErrnoException, { host, port }: Place, variables: PlaceVariables): Error {
  const reason = {
    EADDRINUSE: `Port ${port} on ${host} is taken. Stop what uses it, or choose another with ${variables.port}.`,
    EACCES: `Port ${port} needs more rights than this user has. Choose one above 1023 with ${variables.port}.`,
    EADDRNOTAVAIL: `This machine has no address ${host}. Choose another with ${variables.host}.`,
    ENOTFOUND: `${variables.host}: there is no address for the name ${host}. Give an address of this machine, such as 127.0.0.1 or 0.0.0.0.`,
    EAI_AGAIN: `${variables.host}: no name server answers for ${host}. Give an address of this machine, such as 127.0.0.1 or 0.0.0.0.`,
    EINVAL: `${variables.host}: ${host} cannot be listened on. Give an address of this machine, such as 127.0.0.1 or 0.0.0.0.`,
  }[error.code ?? ''];
  return reason === undefined ? error : new StartupError(reason);
}
