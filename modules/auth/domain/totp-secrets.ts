// ADR 0080
export interface TotpSecret {
  /** Base32; undefined when what is stored cannot be read. */
  readonly secret: string | undefined;
  readonly proposedAt: Date;
  /** Since when it is a factor; null until its owner has shown a code of it. */
  readonly confirmedAt: Date | null;
}

/** The secrets that authenticator apps share with accounts, one of an account. They are sealed like signing keys. */
export abstract class TotpSecrets {
  /** Keeps a secret to be confirmed, in place of an unconfirmed one; false, and nothing, when there is a confirmed one. */
  abstract propose(accountId: string, secret: string, at: Date): Promise<boolean>;

  abstract find(accountId: string): Promise<TotpSecret | undefined>;

  /** Makes the proposed secret a factor by the code of a step, which is used then; false when there is none to confirm. */
  abstract confirm(accountId: string, secret: string, step: number, at: Date): Promise<boolean>;

  /** Uses the code of a step; false when it, or one of a later step, was used before. Of several at once, one is true. */
  abstract use(accountId: string, step: number): Promise<boolean>;

  /** False when there was no confirmed one. */
  abstract remove(accountId: string): Promise<boolean>;

  /** Seals what was stored in clear, if there is a secret for it; returns how many. */
  abstract sealClear(): Promise<number>;
}
