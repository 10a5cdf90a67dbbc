/**
 * Whom a port behind the gateway answers. Anybody who can reach it may ask for what anybody may read; all else is for
 * the gateway, whose certificate says that it is one.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { platformErrors } from '#platform/errors.ts';
import type { Exchange } from '#runtime/http/exchange.ts';
import type { Logger } from '#platform/logger.ts';
import type { Route } from './routes.ts';

/** The name in the certificate of a gateway. */
const gateway = 'gateway';

/** Milliseconds that a connection is used: certificates are looked at when it is made, and can expire or change after that. */
const longest = 30_000;

interface Peer {
  readonly isGateway: boolean;
  /** By the monotonic clock. */
  readonly since: number;
}

/** A certificate is looked into once for each connection. */
const peers = new WeakMap<TLSSocket, Peer>();

export function requireGateway({ operational, method, access }: Route, exchange: Exchange, logger: Logger): void {
  const peer = peerAt(exchange.request.socket);
  if (peer && performance.now() - peer.since > longest) exchange.header('Connection', 'close');
  if (operational || (method === 'GET' && access === 'anyone') || peer?.isGateway) return;
  const { requestId, origin } = exchange;
  logger.warn("A peer was refused: it showed no certificate of the gateway's.", { requestId, ...origin });
  throw platformErrors.forbidden('This port is for the gateway.');
}

function peerAt(socket: Socket): Peer | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  let peer = peers.get(socket);
  if (peer === undefined) {
    // Without `authorized`, the certificate is whatever somebody has made up.
    const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
    const isGateway = certificate?.checkHost(gateway, { subject: 'never', wildcards: false }) !== undefined;
    peer = { isGateway, since: performance.now() };
    peers.set(socket, peer);
  }
  return peer;
}
