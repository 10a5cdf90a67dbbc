// ADR 0080
/** The second factors of an account. */
export interface FactorsOf {
  /** Since when an authenticator app is one. */
  readonly totpSince: Date | null;
  readonly passkeys: number;
  /** How many recovery codes are left. */
  readonly recoveryCodes: number;
}

export const hasFactor = ({ totpSince, passkeys }: FactorsOf): boolean => totpSince !== null || passkeys > 0;

/** Which factors an account has, and its recovery codes, which stand in for one that is lost. */
export abstract class Factors {
  /** In a transaction, nobody else adds or removes a factor of the account until that ends. */
  abstract of(accountId: string): Promise<FactorsOf>;

  /** Makes these the recovery codes of the account, and no other. They cannot be read again. */
  abstract replaceRecoveryCodes(accountId: string, codes: readonly string[]): Promise<void>;

  /** Uses a recovery code up; false when the account has no such code. Of several at once, one is true. */
  abstract useRecoveryCode(accountId: string, code: string): Promise<boolean>;

  /** Removes every factor and the recovery codes; false when there was none. */
  abstract removeAll(accountId: string): Promise<boolean>;
}
