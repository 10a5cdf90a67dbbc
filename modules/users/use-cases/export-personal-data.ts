import type { Clock } from '#platform/clock.ts';
import type { Call, Handler } from '#platform/contract.ts';
import { Failure } from '#platform/errors.ts';
import type { AuthApi } from '../../auth/contract.ts';
import type { OrdersApi } from '../../orders/contract.ts';
import type { PaymentsApi } from '../../payments/contract.ts';
import { UsersErrors, type UsersApi } from '../contract.ts';
import type { Addresses } from '../domain/addresses.ts';
import type { Profiles } from '../domain/profiles.ts';
import { knownProfile, type GetRegistration } from './known-profile.ts';

/** Complete or not at all: half an export would tell a person that we store less about them than we do. */
export function exportPersonalData(
  profiles: Profiles,
  addresses: Addresses,
  getRegistration: GetRegistration,
  exportAccount: Call<typeof AuthApi.exportPersonalData>,
  exportOrders: Call<typeof OrdersApi.exportPersonalData>,
  exportPayments: Call<typeof PaymentsApi.exportPersonalData>,
  clock: Clock,
): Handler<typeof UsersApi, 'exportPersonalData'> {
  return async ({ userId }) => {
    const [profile, addressBook, account, ordered, paid] = await Promise.all([
      knownProfile(profiles, getRegistration, userId).catch(nullIfNotFound),
      addresses.list(userId),
      exportAccount({ userId }),
      exportOrders({ userId }),
      exportPayments({ userId }),
    ]);
    return {
      exportedAt: clock.now().toISOString(),
      profile,
      addresses: addressBook,
      account,
      orders: ordered.orders,
      payments: paid.payments,
    };
  };
}

/** An erased person still has a right to see that nothing is left. */
function nullIfNotFound(error: unknown): null {
  if (error instanceof Failure && error.code === UsersErrors.profileNotFound.code) return null;
  throw error;
}
