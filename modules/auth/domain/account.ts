import type { Role } from '../contract.ts';

export interface Account {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly roles: readonly Role[];
  readonly registeredAt: Date;
  /** Its password is good for one login, which has to bring another. */
  readonly oneTimePassword: boolean;
  /** Since when it cannot log in. */
  readonly disabledAt: Date | null;
}
