import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import { personErased, type UsersApi } from '../contract.ts';
import type { People } from '../domain/people.ts';

export function erase(people: People, clock: Clock): Handler<typeof UsersApi, 'erase'> {
  return async ({ userId }) => {
    const erasedAt = clock.now();
    await people.erase(userId, erasedAt, (outbox) =>
      outbox.add(personErased, { userId, erasedAt: erasedAt.toISOString() }),
    );
    return {};
  };
}
