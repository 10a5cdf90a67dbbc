/** Who this process is to the others: its certificate and key, and the authority whose certificates it believes. */
import { CertificateFiles } from '../security/certificate-files.ts';
import type { Logger } from '#platform/logger.ts';

/** Where they are. */
export interface PeerFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export type PeerCertificates = CertificateFiles<'ca' | 'cert' | 'key'>;

/** Reads PEER_TLS_CA, PEER_TLS_CERT and PEER_TLS_KEY. Throws UnusableCertificateFile. */
export const readPeerCertificates = ({ ca, cert, key }: PeerFiles, logger: Logger): PeerCertificates =>
  new CertificateFiles('PEER_TLS', { ca, cert, key }, logger);
