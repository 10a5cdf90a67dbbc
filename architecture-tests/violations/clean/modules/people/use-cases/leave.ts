import type { Clock } from '#platform/clock.ts';
import type { Outbox } from '#platform/outbox.ts';
import { personLeft } from '../contract.ts';

export const leave = (outbox: Outbox, clock: Clock) => async (personId: string) => {
  outbox.add(personLeft, { personId, leftAt: clock.now().toISOString() });
};
