/** Codes that work once: those an authenticator app makes of a shared secret and the time (TOTP, RFC 6238), and recovery codes. */
export abstract class OneTimeCodes {
  /** A new secret for an authenticator app, in base32. */
  abstract newSecret(): string;

  /** The secret as `otpauth://` link, which apps read from a QR code. `owner` is shown beside it. */
  abstract uriOf(secret: string, owner: string): string;

  /** The time step that the code belongs to, one at most from `at`; undefined for a wrong code. */
  abstract stepOf(secret: string, code: string, at: Date): number | undefined;

  /** Ten of 80 random bits each, in groups of four letters and digits. */
  abstract newRecoveryCodes(): string[];
}

/** A code as it is compared: without the spaces, dashes and capitals that people type. */
export const typedCode = (text: string): string => text.replace(/[\s-]/g, '').toLowerCase();
