import type { z } from 'zod';
import type { PayloadOf } from '#platform/contract.ts';
import type { AccountRole, userRegistered } from '../contract.ts';

export type Role = z.output<typeof AccountRole>;

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
  /** Since when it is known that its owner reads its mail. */
  readonly emailVerifiedAt: Date | null;
  /** UNVERIFIED_MAY concerns it: it was registered since mails are sent. */
  readonly mustVerifyEmail: boolean;
}

/** The registration as other modules learn of it, when it happens and when they ask. */
export const registrationOf = ({ id, email, name, registeredAt }: Account): PayloadOf<typeof userRegistered> => ({
  userId: id,
  email,
  name,
  registeredAt: registeredAt.toISOString(),
});

const everyRole: readonly Role[] = ['customer', 'support', 'catalogue', 'admin'];

/** The roles after a change. Everybody is at least a customer. */
export function changedRoles(roles: readonly Role[], grant: readonly Role[], take: readonly Role[]): Role[] {
  const wanted = new Set([...roles, ...grant]);
  for (const role of take) wanted.delete(role);
  const left = everyRole.filter((role) => wanted.has(role));
  return left.length > 0 ? left : ['customer'];
}
