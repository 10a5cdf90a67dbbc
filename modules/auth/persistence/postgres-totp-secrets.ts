import type { Database } from '#platform/database.ts';
import type { KeySealing } from '../domain/key-sealing.ts';
import type { TotpSecret, TotpSecrets } from '../domain/totp-secrets.ts';

export function postgresTotpSecrets(database: Database, sealing: KeySealing): TotpSecrets {
  return {
    async propose(accountId, secret, at) {
      const { rowCount } = await database.query(
        `insert into auth.totp_secrets as t (account_id, secret, proposed_at) values ($1, $2, $3)
         on conflict (account_id) do update set secret = excluded.secret, proposed_at = excluded.proposed_at
         where t.confirmed_at is null`,
        [accountId, sealing.seal(secret, accountId), at],
      );
      return rowCount === 1;
    },

    async find(accountId) {
      const { rows } = await database.query<TotpSecret & { secret: string }>(
        `select secret, proposed_at as "proposedAt", confirmed_at as "confirmedAt" from auth.totp_secrets where account_id = $1`,
        [accountId],
      );
      return rows[0] && { ...rows[0], secret: sealing.open(rows[0].secret, accountId) };
    },

    async confirm(accountId, secret, step, at) {
      const { rows } = await database.query<{ secret: string }>(
        'select secret from auth.totp_secrets where account_id = $1 and confirmed_at is null',
        [accountId],
      );
      if (!rows[0] || sealing.open(rows[0].secret, accountId) !== secret) return false;
      const { rowCount } = await database.query(
        `update auth.totp_secrets set confirmed_at = $3, last_step = $2
         where account_id = $1 and confirmed_at is null and secret = $4`,
        [accountId, step, at, rows[0].secret],
      );
      return rowCount === 1;
    },

    async use(accountId, step) {
      const { rowCount } = await database.query(
        `update auth.totp_secrets set last_step = $2
         where account_id = $1 and last_step < $2 and confirmed_at is not null`,
        [accountId, step],
      );
      return rowCount === 1;
    },

    async remove(accountId) {
      const { rowCount } = await database.query(
        'delete from auth.totp_secrets where account_id = $1 and confirmed_at is not null',
        [accountId],
      );
      return rowCount === 1;
    },

    async sealClear() {
      const { rows } = await database.query<{ accountId: string; secret: string }>(
        'select account_id as "accountId", secret from auth.totp_secrets',
      );
      let count = 0;
      for (const { accountId, secret } of rows) {
        const sealed = sealing.isSealed(secret) ? secret : sealing.seal(secret, accountId);
        if (sealed === secret) continue;
        const { rowCount } = await database.query(
          'update auth.totp_secrets set secret = $2 where account_id = $1 and secret = $3',
          [accountId, sealed, secret],
        );
        count += rowCount ?? 0;
      }
      return count;
    },
  };
}
