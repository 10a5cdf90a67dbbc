import type { Clock } from '#platform/clock.ts';
import type { Call, Handler } from '#platform/contract.ts';
import type { AuthApi } from '../../auth/contract.ts';
import { personErased, type UsersApi } from '../contract.ts';
import type { People } from '../domain/people.ts';

export function erase(people: People, allowErasure: Call<typeof AuthApi.allowErasure>, clock: Clock): Handler<typeof UsersApi, 'erase'> {
  return async ({ userId, sessionId, password }) => {
    await allowErasure({ userId, sessionId, password });
    const erasedAt = clock.now();
    await people.erase(userId, erasedAt, (outbox) =>
      outbox.add(personErased, { userId, erasedAt: erasedAt.toISOString() }),
    );
    return {};
  };
}
