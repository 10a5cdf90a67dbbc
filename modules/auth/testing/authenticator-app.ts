import { Secret, TOTP } from 'otpauth';

/** The code that an authenticator app shows for a secret. */
export const codeOf = (secret: string, at: Date): string =>
  TOTP.generate({ secret: Secret.fromBase32(secret), timestamp: at.getTime() });
