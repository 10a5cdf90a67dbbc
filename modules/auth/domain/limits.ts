import type { Limit, Pace } from './throttle.ts';

const second = 1_000;
const minute = 60 * second;

/** How many attempts are free of waiting; the settings of the throttle. */
export interface Allowance {
  readonly failuresPerAccount: number;
  readonly failuresPerAddress: number;
  readonly loginsPerAccount: number;
  readonly loginsPerAddress: number;
  readonly registrationsPerAddress: number;
  readonly mailsPerRecipient: number;
  readonly mailsPerAddress: number;
}

/** The limits that a login counts towards. */
export interface LogInLimits {
  /** Failures at the account; a success forgets them. */
  readonly own: Limit;
  /** Failures from the network. */
  readonly shared: Limit;
  /** Logins that succeed. */
  readonly successes: readonly Limit[];
}

/** As many as that within an hour, then one at a time as the hour goes on. */
const hourly = (allowed: number): Pace => ({
  allowed,
  forgiveEach: (60 * minute) / allowed,
  firstDelay: second,
  longestDelay: minute,
});

const newDevices: Pace = {
  allowed: 2,
  forgiveEach: 12 * 60 * minute,
  firstDelay: 12 * 60 * minute,
  longestDelay: 12 * 60 * minute,
};

/** Which attempts are limited by what. */
export class Limits {
  readonly #account: Pace;
  readonly #network: Pace;
  readonly #accountLogins: Pace;
  readonly #networkLogins: Pace;
  readonly #registration: Pace;
  readonly #mailsTo: Pace;
  readonly #mailsFrom: Pace;

  constructor({
    failuresPerAccount,
    failuresPerAddress,
    loginsPerAccount,
    loginsPerAddress,
    registrationsPerAddress,
    mailsPerRecipient,
    mailsPerAddress,
  }: Allowance) {
    // In the long run four guesses an hour: under the hundred a day that NIST SP 800-63B allows.
    this.#account = {
      allowed: failuresPerAccount,
      forgiveEach: 15 * minute,
      firstDelay: second,
      longestDelay: 15 * minute,
    };
    // Many people can share an address, so it is generous and the delays are short.
    this.#network = {
      allowed: failuresPerAddress,
      forgiveEach: 3 * second,
      firstDelay: second,
      longestDelay: 5 * minute,
    };
    this.#accountLogins = hourly(loginsPerAccount);
    this.#networkLogins = hourly(loginsPerAddress);
    this.#registration = hourly(registrationsPerAddress);
    this.#mailsTo = hourly(mailsPerRecipient);
    this.#mailsFrom = hourly(mailsPerAddress);
  }

  /**
   * Failures are counted per account and per network, and logins that succeed as well. With the token of a known device
   * the account's failures are counted apart from everybody else's, and the network does not hold it up: a stranger's
   * guesses do not keep the owner out.
   */
  logIn(email: string, network: string, device: string | undefined): LogInLimits {
    const blocks = device === undefined;
    return {
      own: { scope: 'account', subject: email, from: device, pace: this.#account },
      shared: { scope: 'network', subject: network, blocks, pace: this.#network },
      successes: [
        { scope: 'account-logins', subject: email, pace: this.#accountLogins },
        { scope: 'network-logins', subject: network, blocks, pace: this.#networkLogins },
      ],
    };
  }

  /** The limits of a password that a logged-in person is asked for again. */
  currentPassword(userId: string): Limit {
    return { scope: 'password-change', subject: userId, pace: this.#account };
  }

  /**
   * Wrong codes of an account whose password was right, or whose owner is logged in. As with passwords, those on a known
   * device are counted apart from everybody else's.
   */
  secondFactor(userId: string, device: string | undefined): Limit {
    return { scope: 'second-factor', subject: userId, from: device, pace: this.#account };
  }

  /** Mails that anybody can have sent to an address. */
  mailsTo(email: string): Limit {
    return { scope: 'mails-to', subject: email, pace: this.#mailsTo };
  }

  /** Mails that a network, or a person who is logged in, has sent to addresses of their choice. */
  mailsFrom(origin: string): Limit {
    return { scope: 'mails-from', subject: origin, pace: this.#mailsFrom };
  }

  /** Wrong codes of who is logged in. */
  emailCode(userId: string): Limit {
    return { scope: 'email-code', subject: userId, pace: this.#account };
  }

  /** Mails about logins from new devices: two at once, and two a day in the long run. */
  newDevice(userId: string): Limit {
    return { scope: 'new-device', subject: userId, pace: newDevices };
  }

  registration(network: string): Limit {
    return { scope: 'registration', subject: network, pace: this.#registration };
  }
}
