// ADR 0084
import type { Account } from './account.ts';

/** An account at another provider that its owner logs in with here. */
export interface Identity {
  readonly id: string;
  readonly accountId: string;
  readonly issuer: string;
  readonly subject: string;
  /** The provider's name in the settings, when it was connected. */
  readonly provider: string;
  /** For its owner to know it again. */
  readonly email: string | undefined;
  readonly connectedAt: Date;
}

export abstract class Identities {
  /** Connects it; false, and nothing, when that issuer's subject is connected already, or the account is gone. */
  abstract add(identity: Identity): Promise<boolean>;

  /** The account that an issuer's subject is connected to, and whether it has a second factor. */
  abstract owner(issuer: string, subject: string): Promise<{ account: Account; hasFactor: boolean } | undefined>;

  /** Lists those of an account, the oldest first. */
  abstract of(accountId: string): Promise<readonly Identity[]>;

  /** False when the account has none of this id. */
  abstract remove(id: string, accountId: string): Promise<boolean>;
}
