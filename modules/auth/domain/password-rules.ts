/** What a password must be like (NIST SP 800-63B-4, OWASP ASVS 5.0 6.2): long enough and not well known, nothing else. */

/** Nothing is ever cut off: what is longer is refused. */
const longestPassword = 128;

/** Passwords that many people use, so that everybody tries them first. */
export abstract class CommonPasswords {
  abstract includes(password: string): boolean;
}

/**
 * Canonically equivalent texts become one (RFC 8265 does the same): what a person types must not depend on whether
 * their keyboard sends an accent apart from its letter. No two passwords that look different become the same.
 */
export const normalized = (password: string): string => password.normalize('NFC');

export class PasswordRules {
  readonly #shortest: number;
  readonly #common: CommonPasswords;

  /** `shortest` in characters, as Unicode counts them. */
  constructor(shortest: number, common: CommonPasswords) {
    this.#shortest = shortest;
    this.#common = common;
  }

  /** What speaks against a password, for the person who chose it. */
  objection(password: string, owner: { email: string }): string | undefined {
    const text = normalized(password);
    const length = [...text].length;
    if (length < this.#shortest) return `Use at least ${this.#shortest} characters, such as a few random words.`;
    if (length > longestPassword) return `Use at most ${longestPassword} characters.`;
    if (text.toLowerCase() === owner.email || this.#common.includes(text))
      return 'This password is among the first that an attacker tries. Choose another one.';
    return undefined;
  }
}
