/**
 * Whom a port behind the gateway answers. Anybody who can reach it may ask for what anybody may read; all else is for
 * the gateway, whose certificate says that it is one.
 */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { RequestHandler } from 'express';
import { platformErrors } from '#platform/errors.ts';
import type { Logger } from '#platform/logger.ts';
import { marksOf } from '#runtime/http/request-context.ts';
import { isMadeOutTo } from '#runtime/security/made-out-to.ts';

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

export const requireGateway =
  (logger: Logger): RequestHandler =>
  ({ socket, context }, response, next) => {
    const peer = peerAt(socket);
    if (peer && performance.now() - peer.since > longest) response.setHeader('Connection', 'close');
    const { operational, method, access, site } = context.route!;
    if (operational || (method === 'GET' && access === 'anyone' && !site) || peer?.isGateway) return next();
    logger.warn("A peer was refused: it showed no certificate of the gateway's.", {
      ...marksOf(context),
      ...context.origin,
    });
    throw platformErrors.forbidden('This port is for the gateway.');
  };

function peerAt(socket: Socket): Peer | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  let peer = peers.get(socket);
  if (peer === undefined) {
    // Without `authorized`, the certificate is whatever somebody has made up.
    const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
    const isGateway = certificate !== undefined && isMadeOutTo(certificate, gateway);
    peer = { isGateway, since: performance.now() };
    peers.set(socket, peer);
  }
  return peer;
}
