import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '#platform/clock.ts';
import type { Database } from '#platform/database.ts';
import { deviceIdle, type Devices, devicesPerAccount } from '../domain/devices.ts';

/** 256 random bits need no slow hash. */
export const hashOfDevice = (token: string): Buffer => createHash('sha256').update(token).digest();

export function postgresDevices(database: Database, clock: Clock): Devices {
  return {
    async remember({ id, accountId }, token) {
      const now = clock.now();
      if (token !== undefined) {
        const { rowCount } = await database.query(
          'update auth.devices set last_used_at = $3 where hash = $1 and account_id = $2',
          [hashOfDevice(token), accountId, now],
        );
        if (rowCount === 1) return token;
      }
      const next = randomBytes(32).toString('base64url');
      // The lock makes an end of the session wait: what ends sessions and forgets devices together misses neither.
      const { rowCount } = await database.query(
        `insert into auth.devices (hash, account_id, last_used_at)
         select $1, s.account_id, $3 from auth.sessions s where s.id = $2 for share`,
        [hashOfDevice(next), id, now],
      );
      if (rowCount !== 1) return undefined;
      // A statement of its own, so that the last of many at the same time sees them all.
      await database.query(
        `delete from auth.devices where hash in (
           select hash from auth.devices where account_id = $1 order by last_used_at desc, hash offset $2
         )`,
        [accountId, devicesPerAccount],
      );
      return next;
    },

    async isOnly(accountId) {
      const { rowCount } = await database.query('select from auth.devices where account_id = $1 limit 2', [accountId]);
      return (rowCount ?? 0) <= 1;
    },

    async prune() {
      await database.query('delete from auth.devices where last_used_at <= $1', [
        new Date(clock.now().getTime() - deviceIdle),
      ]);
    },
  };
}
