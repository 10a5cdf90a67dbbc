import type { Clock } from '#platform/clock.ts';
import type { Call, Handler } from '#platform/contract.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { AuthApi } from '../../auth/contract.ts';
import { personErased, type UsersApi } from '../contract.ts';
import type { People } from '../domain/people.ts';

/** Erases the person here and tells the other modules, both or neither. Repeating it is harmless. */
export function erase(
  transaction: Transaction,
  people: People,
  outbox: Outbox,
  allowErasure: Call<typeof AuthApi.allowErasure>,
  clock: Clock,
): Handler<typeof UsersApi, 'erase'> {
  return async ({ userId, sessionId, password }) => {
    await allowErasure({ userId, sessionId, password });
    const erasedAt = clock.now();
    await transaction(async () => {
      if (await people.erase(userId, erasedAt)) outbox.add(personErased, { userId, erasedAt: erasedAt.toISOString() });
    });
    return {};
  };
}
