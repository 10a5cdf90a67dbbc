import type { Limit, Pace } from './throttle.ts';

const second = 1_000;
const minute = 60 * second;

/** How many attempts are free of waiting; the settings of the throttle. */
export interface Allowance {
  readonly failuresPerAccount: number;
  readonly failuresPerAddress: number;
  readonly registrationsPerAddress: number;
}

/** Which attempts are limited by what. */
export class Limits {
  readonly #account: Pace;
  readonly #network: Pace;
  readonly #registration: Pace;

  constructor({ failuresPerAccount, failuresPerAddress, registrationsPerAddress }: Allowance) {
    // In the long run four guesses an hour: under the hundred a day that NIST SP 800-63B allows.
    this.#account = { allowed: failuresPerAccount, forgiveEach: 15 * minute, firstDelay: second, longestDelay: 15 * minute };
    // Many people can share an address, so it is generous and the delays are short.
    this.#network = { allowed: failuresPerAddress, forgiveEach: 3 * second, firstDelay: second, longestDelay: 5 * minute };
    this.#registration = {
      allowed: registrationsPerAddress,
      forgiveEach: (60 * minute) / registrationsPerAddress,
      firstDelay: second,
      longestDelay: minute,
    };
  }

  /**
   * By account first, then by network. A network from which the account has a living session is counted apart from
   * all others: a stranger's guesses do not keep the owner out (OWASP calls the idea a device cookie).
   */
  logIn(email: string, network: string, familiar: boolean): readonly [Limit, ...Limit[]] {
    const account = { scope: 'account', subject: email, pace: this.#account } as const;
    return familiar
      ? [{ ...account, from: network }]
      : [account, { scope: 'network', subject: network, pace: this.#network }];
  }

  /** Of somebody who is logged in and is asked for it again. */
  currentPassword(userId: string): Limit {
    return { scope: 'password-change', subject: userId, pace: this.#account };
  }

  registration(network: string): Limit {
    return { scope: 'registration', subject: network, pace: this.#registration };
  }
}
