// ADR 0022
/** The rules for passwords (NIST SP 800-63B-4, OWASP ASVS 5.0 6.2): long enough and not well known, nothing else. */

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

/** The person who chooses a password. */
export interface Owner {
  readonly email: string;
  readonly name: string;
  /** The password that it replaces. */
  readonly password?: string;
}

/** Characters; shorter names occur inside too many words. */
const shortestName = 3;

/** Characters that a password has beside the words which are tried first for its owner. */
const fewestOwn = 8;

export class PasswordRules {
  readonly #shortest: number;
  readonly #common: CommonPasswords;
  readonly #products: readonly string[];

  /** `shortest` in characters, as Unicode counts them; `products`: the names under which people know the program. */
  constructor(shortest: number, common: CommonPasswords, products: readonly string[] = []) {
    this.#shortest = shortest;
    this.#common = common;
    this.#products = products;
  }

  /** The objection to a password, for the person who chose it. */
  objection(password: string, owner: Owner): string | undefined {
    const text = normalized(password);
    const length = [...text].length;
    if (length < this.#shortest) return `Use at least ${this.#shortest} characters, such as a few random words.`;
    if (length > longestPassword) return `Use at most ${longestPassword} characters.`;
    if (owner.password !== undefined && text === normalized(owner.password))
      return 'This is the password that it replaces. Choose another one.';
    if (this.#common.includes(text) || this.#isMadeOfNames(text, owner))
      return 'This password is among the first that an attacker tries. Choose another one.';
    return undefined;
  }

  /** Tells whether little is left without the product's name, the e-mail address and the person's name, wherever they stand in it. */
  #isMadeOfNames(text: string, { email, name }: Owner): boolean {
    const words = [email, name, ...this.#products].flatMap((given) => [given, ...given.split(/[^\p{L}\p{M}\p{N}]+/u)]);
    const tried = words
      .map((word) => normalized(word).toLowerCase())
      .filter((word) => [...word].length >= shortestName);
    const longestFirst = tried.sort((one, other) => other.length - one.length);
    const whole = text.toLowerCase();
    const rest = longestFirst.reduce((left, word) => left.replaceAll(word, ''), whole);
    return rest !== whole && [...rest].length < fewestOwn;
  }
}
