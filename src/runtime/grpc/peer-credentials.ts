// ADR 0045
/** A client's half of mTLS: it shows the certificate of its process and insists on the name of the module it calls. */
import { X509Certificate } from 'node:crypto';
import { type ChannelCredentials, credentials as channelCredentials, experimental } from '@grpc/grpc-js';
import { isMadeOutTo } from '../security/made-out-to.ts';
import type { PeerCertificates } from './peer-certificates.ts';

type Provider = Parameters<typeof experimental.createCertificateProviderChannelCredentials>[0];
type CaListener = Parameters<Provider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<Provider['addIdentityCertificateListener']>[0];

/** Believes only a server whose certificate names `module`, whatever its address is. */
export function clientCredentials(certificates: PeerCertificates | undefined, module: string): ChannelCredentials {
  if (!certificates) return channelCredentials.createInsecure();
  const provider = providerOf(certificates);
  return experimental.createCertificateProviderChannelCredentials(provider, provider, {
    checkServerIdentity: (_, { raw }) =>
      isMadeOutTo(new X509Certificate(raw), module)
        ? undefined
        : new Error(`The certificate of the server does not name ${module}`),
  });
}

/** New connections use what the files hold now; whatever is connected stays so. */
function providerOf(certificates: PeerCertificates): Provider {
  const authorities = new Map<CaListener, () => void>();
  const identities = new Map<IdentityListener, () => void>();

  function subscribe<L>(subscribed: Map<L, () => void>, listener: L, tell: () => void): void {
    subscribed.set(listener, certificates.onChange(tell));
    tell();
  }
  function unsubscribe<L>(subscribed: Map<L, () => void>, listener: L): void {
    subscribed.get(listener)?.();
    subscribed.delete(listener);
  }

  return {
    addCaCertificateListener: (listener) =>
      subscribe(authorities, listener, () => listener({ caCertificate: certificates.current().ca })),
    removeCaCertificateListener: (listener) => unsubscribe(authorities, listener),
    addIdentityCertificateListener: (listener) =>
      subscribe(identities, listener, () => {
        const { cert, key } = certificates.current();
        listener({ certificate: cert, privateKey: key });
      }),
    removeIdentityCertificateListener: (listener) => unsubscribe(identities, listener),
  };
}
