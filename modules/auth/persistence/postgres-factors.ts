import { createHash } from 'node:crypto';
import type { Database } from '#platform/database.ts';
import type { Factors, FactorsOf } from '../domain/factors.ts';
import { typedCode } from '../domain/one-time-codes.ts';

/** 80 random bits need no slow hash. */
const hashOfCode = (code: string): Buffer => createHash('sha256').update(typedCode(code)).digest();

export function postgresFactors(database: Database): Factors {
  return {
    async of(accountId) {
      // A statement of its own: the next one sees what its holder before changed.
      if (database.inTransaction)
        database.send('select from auth.accounts where id = $1 for no key update', [accountId]);
      const { rows } = await database.query<FactorsOf & Record<string, unknown>>(
        `select (select confirmed_at from auth.totp_secrets where account_id = $1) as "totpSince",
                (select count(*) from auth.passkeys where account_id = $1) as passkeys,
                (select count(*) from auth.recovery_codes where account_id = $1) as "recoveryCodes"`,
        [accountId],
      );
      return rows[0]!;
    },

    async replaceRecoveryCodes(accountId, codes) {
      await database.transaction(async () => {
        database.send('delete from auth.recovery_codes where account_id = $1', [accountId]);
        await database.query('insert into auth.recovery_codes (account_id, hash) select $1, unnest($2::bytea[])', [
          accountId,
          codes.map(hashOfCode),
        ]);
      });
    },

    async useRecoveryCode(accountId, code) {
      const { rowCount } = await database.query('delete from auth.recovery_codes where account_id = $1 and hash = $2', [
        accountId,
        hashOfCode(code),
      ]);
      return rowCount === 1;
    },

    async removeAll(accountId) {
      const { rows } = await database.query<{ removed: boolean }>(
        `with totp as (delete from auth.totp_secrets where account_id = $1 returning confirmed_at),
              keys as (delete from auth.passkeys where account_id = $1 returning id),
              codes as (delete from auth.recovery_codes where account_id = $1)
         select exists (select from totp where confirmed_at is not null) or exists (select from keys) as removed`,
        [accountId],
      );
      return rows[0]!.removed;
    },
  };
}
