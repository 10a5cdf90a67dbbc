import type { Role } from '../contract.ts';

export interface Account {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly roles: readonly Role[];
  readonly registeredAt: Date;
  /** Since when it cannot log in. */
  readonly disabledAt: Date | null;
}
