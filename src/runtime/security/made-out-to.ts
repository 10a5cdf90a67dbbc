import type { X509Certificate } from 'node:crypto';

/** Tells whether the certificate is made out to the name: one of its DNS names, letter by letter. */
export const isMadeOutTo = (certificate: X509Certificate, name: string): boolean =>
  certificate.checkHost(name, { subject: 'never', wildcards: false }) !== undefined;
