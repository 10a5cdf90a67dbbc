import type { Clock } from '#platform/clock.ts';
import type { Reaction } from '#platform/module.ts';
import type { personErased } from '../../users/contract.ts';
import type { Payments } from '../domain/payments.ts';

/** The law wants the books kept; they need not say who paid. */
export const forgetPerson =
  (payments: Payments, clock: Clock): Reaction<typeof personErased> =>
  ({ userId }) =>
    payments.forgetCustomer(userId, clock.now());
