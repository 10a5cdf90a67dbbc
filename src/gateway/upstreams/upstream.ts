import type { PeerCertificates } from '#runtime/grpc/peer-certificates.ts';
import type { Endpoint } from '#platform/endpoint.ts';
import type { SitePath } from '#platform/site.ts';

/** A module that runs elsewhere and is reached over HTTP. */
export interface Upstream {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly sites?: readonly { readonly paths: readonly SitePath[] }[];
  /** One for each of its processes, such as `http://orders-1:3000`. */
  readonly origins: readonly string[];
  /** Undefined where processes trust their network. */
  readonly certificates: PeerCertificates | undefined;
}
