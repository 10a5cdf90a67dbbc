/** The port that other processes connect to. It does TLS itself: grpc-js tells nobody of a handshake that it refuses. */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer, type TLSSocket } from 'node:tls';
import { networkOf } from '#platform/network.ts';
import type { Logger } from '#platform/logger.ts';
import type { PeerCertificates } from './peer-certificates.ts';

/** Milliseconds. */
const handshakeTimeout = 10_000;

/** Accepts only processes of the authority, or anybody without certificates. */
export function peerListener(
  certificates: PeerCertificates | undefined,
  logger: Logger,
  accept: (socket: Socket) => void,
): Server {
  if (!certificates) return createServer(accept);
  // Not rejected by Node itself, which closes the connection before anybody can see where it came from.
  const server = createSecureServer({
    ...certificates.current(),
    ALPNProtocols: ['h2'],
    handshakeTimeout,
    requestCert: true,
    rejectUnauthorized: false,
  });
  // New connections use what the files hold now; whatever is connected stays so.
  server.once(
    'close',
    certificates.onChange(() => server.setSecureContext(certificates.current())),
  );

  const refuse = (socket: TLSSocket, reason: unknown) => {
    logger.warn('A peer was refused: its TLS handshake failed.', {
      network: networkOf(socket.remoteAddress ?? 'unknown'),
      reason: String(reason),
    });
    socket.destroy();
  };
  server.on('secureConnection', (socket) => {
    if (socket.authorized) accept(socket);
    else refuse(socket, socket.authorizationError);
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
    // A probe that connects and leaves is refused nothing.
    if (error.code !== 'ECONNRESET') refuse(socket, error.code);
  });
  return server;
}
