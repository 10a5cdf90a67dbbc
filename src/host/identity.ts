// ADR 0045
/** Who this process is to others: by its certificate for peers, and by the one of its public port. */
import { type PeerCertificates, readPeerCertificates } from '#runtime/grpc/peer-certificates.ts';
import type { Logger } from '#platform/logger.ts';
import { CertificateFiles } from '#runtime/security/certificate-files.ts';
import type { Configuration } from './configuration.ts';
import type { FrontCertificate } from '../gateway/server/http-front.ts';
import type { Opened } from './opened.ts';
import { StartupError } from './startup-error.ts';

interface Shown {
  readonly validTo: Date;
  close(): void;
}

export class Identity {
  readonly #configuration: Configuration;
  readonly #logger: Logger;
  readonly #opened: Opened;
  #peer: PeerCertificates | undefined;
  /** The certificates that this process shows, and until when they are valid. */
  readonly shown = new Map<'peer' | 'public', Pick<Shown, 'validTo'>>();

  constructor(configuration: Configuration, logger: Logger, opened: Opened) {
    this.#configuration = configuration;
    this.#logger = logger;
    this.#opened = opened;
  }

  /** The certificates that this process shows to peers and asks of them; undefined where switched off. Throws StartupError where nothing is said. */
  get peer(): PeerCertificates | undefined {
    const { peerTls } = this.#configuration;
    if (peerTls === 'off') return undefined;
    if (peerTls === undefined) {
      throw new StartupError(
        'This process talks to others: set PEER_TLS_CA, PEER_TLS_CERT and PEER_TLS_KEY (npm run certs makes them), or PEER_TLS=off where the network itself can be trusted.',
      );
    }
    return (this.#peer ??= this.#kept('peer', () => readPeerCertificates(peerTls, this.#logger)));
  }

  /** A port behind a gateway shows the certificate for peers, the gateway's own the public one; undefined: plain HTTP. */
  front(isGateway: boolean): FrontCertificate | undefined {
    if (!isGateway) return typeof this.#configuration.peerTls === 'object' ? this.peer : undefined;
    const { tls } = this.#configuration;
    return tls && this.#kept('public', () => new CertificateFiles('TLS', tls, this.#logger));
  }

  #kept<Certificate extends Shown>(what: 'peer' | 'public', open: () => Certificate): Certificate {
    try {
      const certificate = open();
      this.shown.set(what, certificate);
      this.#opened.add(`the ${what} certificate`, () => certificate.close());
      return certificate;
    } catch (error) {
      throw new StartupError((error as Error).message, { cause: error });
    }
  }
}
