import { Secret, TOTP } from 'otpauth';
import type { OneTimeCodes } from '../domain/one-time-codes.ts';

/** The parameters that every authenticator app takes; many ignore any other (Key URI Format). */
const common = { algorithm: 'SHA1', digits: 6, period: 30 };
/** Steps before and after that are taken too, for clocks that differ and for typing. */
const window = 1;
const recoveryCodes = 10;

/** `issuer` is the name under which apps show it. */
export const oneTimeCodes = (issuer: string): OneTimeCodes => ({
  newSecret: () => new Secret({ size: 20 }).base32,

  uriOf: (secret, owner) => new TOTP({ ...common, issuer, label: owner, secret }).toString(),

  stepOf(secret, code, at) {
    const timestamp = at.getTime();
    const delta = TOTP.validate({ ...common, secret: Secret.fromBase32(secret), token: code, timestamp, window });
    return delta === null ? undefined : TOTP.counter({ period: common.period, timestamp }) + delta;
  },

  newRecoveryCodes: () =>
    Array.from({ length: recoveryCodes }, () =>
      new Secret({ size: 10 }).base32.toLowerCase().replace(/.{4}(?=.)/g, '$&-'),
    ),
});
