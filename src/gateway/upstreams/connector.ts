import { buildConnector } from 'undici';
import type { PeerCertificates } from '#runtime/grpc/peer-certificates.ts';

type Connector = ReturnType<typeof buildConnector>;

/** Milliseconds to make a connection. */
const timeout = 1_000;

/**
 * Connects to a module. With certificates, it must prove to be that module, and learns that we are the gateway;
 * connections that are made after a change of the certificates use the new ones.
 */
export function connector(module: string, certificates: PeerCertificates | undefined): Connector {
  if (!certificates) return buildConnector({ timeout, allowH2: false });
  const secure = () => buildConnector({ ...certificates.current(), timeout, allowH2: false, minVersion: 'TLSv1.3' });
  let connect = secure();
  certificates.onChange(() => (connect = secure()));
  // The name that the certificate must have is the module's, wherever it runs.
  return (options, callback) => connect({ ...options, servername: module }, callback);
}
