import type { Audit } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import type { Transaction } from '#platform/transaction.ts';

/** Failed logins that one process records at once, and milliseconds after which it records one more. */
const [burst, oneMoreEvery] = [200, 6_000];

/** Records a login that failed. Who guesses without end fills no disk with it: what is beyond the bound is counted in the next record. */
export type RecordFailedLogIn = (userId: string | undefined, reason: string) => Promise<void>;
export const RecordFailedLogIn = class RecordFailedLogIn {} as unknown as abstract new () => RecordFailedLogIn;

/** Unknown accounts are recorded as known ones are: whether something is written must not tell them apart. */
export function recordFailedLogIn(transaction: Transaction, audit: Audit, clock: Clock): RecordFailedLogIn {
  let room = burst;
  let asOf = clock.now().getTime();
  let leftOut = 0;
  return async (userId, reason) => {
    const now = clock.now().getTime();
    room = Math.min(burst, room + Math.max(0, now - asOf) / oneMoreEvery);
    asOf = now;
    if (room < 1) return void (leftOut += 1);
    room -= 1;
    const details = { reason, ...(leftOut > 0 && { leftOut }) };
    leftOut = 0;
    await transaction(async () => audit.add({ act: 'auth.log-in', target: userId, outcome: 'refused', details }));
  };
}
