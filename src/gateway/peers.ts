/**
 * Whom a port behind the gateway answers. Anybody who can reach it may ask for what anybody may read; all else is for
 * the gateway, whose certificate says that it is one.
 */
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { platformErrors } from '#platform/errors.ts';
import type { Route } from './routes.ts';

/** The name in the certificate of a gateway. */
const gateway = 'gateway';

/** A certificate is looked into once for each connection. */
const judged = new WeakMap<TLSSocket, boolean>();

export function requireGateway({ operational, method, access }: Route, { socket }: IncomingMessage): void {
  if (operational || (method === 'GET' && access === 'anyone') || isGateway(socket)) return;
  throw platformErrors.forbidden('This port is for the gateway.');
}

function isGateway(socket: IncomingMessage['socket']): boolean {
  if (!(socket instanceof TLSSocket)) return false;
  let verdict = judged.get(socket);
  if (verdict === undefined) {
    // Without `authorized`, the certificate is whatever somebody has made up.
    const certificate = socket.authorized ? socket.getPeerX509Certificate() : undefined;
    verdict = certificate?.checkHost(gateway, { subject: 'never', wildcards: false }) !== undefined;
    judged.set(socket, verdict);
  }
  return verdict;
}
