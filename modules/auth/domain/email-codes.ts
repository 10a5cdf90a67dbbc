// ADR 0111
/** Proofs that somebody reads the mail of an address: to verify it, to change to it, to set a new password. */
export type EmailPurpose = 'verify' | 'change' | 'reset';

const minute = 60_000;
/** Milliseconds that a proof holds. */
export const proofLifetime: Readonly<Record<EmailPurpose, number>> = {
  verify: 24 * 60 * minute,
  change: 24 * 60 * minute,
  reset: 30 * minute,
};

/** How many hold at once for one account and purpose: a mail that was sent again leaves the one before it good. */
export const proofsAtOnce = 3;

/** Wrong codes after which a code is good for nothing; the link that came with it is. */
export const guessesAllowed = 10;

/** A link's secret of 256 bits, and six digits for who reads the mail elsewhere. */
export interface EmailProof {
  readonly token: string;
  readonly code: string;
}

/** The account that a proof is for, and the address whose mail was read. */
export interface Proven {
  readonly accountId: string;
  readonly email: string;
}

/** Neither token nor code can be read from what is stored. */
export abstract class EmailCodes {
  /** Makes a proof; beyond the bound the oldest of the account and purpose is forgotten. */
  abstract issue(purpose: EmailPurpose, proven: Proven): Promise<EmailProof>;

  /** Who a link is for, while it holds. */
  abstract find(purpose: EmailPurpose, token: string): Promise<Proven | undefined>;

  /** Uses a link up, and all others of the account and purpose; of several at the same time one succeeds. */
  abstract redeem(purpose: EmailPurpose, token: string): Promise<Proven | undefined>;

  /** The same for a code. A wrong one counts as a guess at every code of the account and purpose. */
  abstract redeemCode(purpose: EmailPurpose, accountId: string, code: string): Promise<Proven | undefined>;

  /** Forgets all proofs of an account: what they were sent for has happened, or must not any more. */
  abstract forget(accountId: string, purpose: EmailPurpose): Promise<void>;

  /** Deletes what does not hold any more. */
  abstract prune(): Promise<void>;
}
