// ADR 0111
import { createHash, createHmac, randomBytes, randomInt } from 'node:crypto';
import type { Clock } from '#platform/clock.ts';
import type { Database } from '#platform/database.ts';
import { type EmailCodes, guessesAllowed, proofLifetime, proofsAtOnce, type Proven } from '../domain/email-codes.ts';

/** 256 random bits need no slow hash. */
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

/** `secret` keeps who reads the database from trying all six digits out. */
export function postgresEmailCodes(database: Database, clock: Clock, secret: string | undefined): EmailCodes {
  const hashOfCode = (accountId: string, code: string): Buffer =>
    createHmac('sha256', `fissile e-mail codes ${secret ?? ''}`)
      .update(`${accountId} ${code}`)
      .digest();

  return {
    issue: (purpose, { accountId, email }) =>
      database.transaction(async () => {
        const token = randomBytes(32).toString('base64url');
        const code = String(randomInt(1_000_000)).padStart(6, '0');
        const expiresAt = new Date(clock.now().getTime() + proofLifetime[purpose]);
        await database.query(
          `insert into auth.email_codes (hash, purpose, account_id, email, code_hash, expires_at)
           values ($1, $2, $3, $4, $5, $6)`,
          [hashOf(token), purpose, accountId, email, hashOfCode(accountId, code), expiresAt],
        );
        await database.query(
          `delete from auth.email_codes where hash in (
             select hash from auth.email_codes where account_id = $1 and purpose = $2
             order by expires_at desc, hash = $4 desc offset $3)`,
          [accountId, purpose, proofsAtOnce, hashOf(token)],
        );
        return { token, code };
      }),

    async find(purpose, token) {
      const { rows } = await database.query<Proven & Record<string, unknown>>(
        `select account_id as "accountId", email from auth.email_codes
         where hash = $1 and purpose = $2 and expires_at > $3`,
        [hashOf(token), purpose, clock.now()],
      );
      return rows[0];
    },

    redeem: (purpose, token) =>
      database.transaction(async () => {
        const { rows } = await database.query<Proven & Record<string, unknown>>(
          `delete from auth.email_codes where hash = $1 and purpose = $2 and expires_at > $3
           returning account_id as "accountId", email`,
          [hashOf(token), purpose, clock.now()],
        );
        if (rows[0]) await forget(rows[0].accountId, purpose);
        return rows[0];
      }),

    redeemCode: (purpose, accountId, code) =>
      database.transaction(async () => {
        const { rows } = await database.query<Proven & Record<string, unknown>>(
          `delete from auth.email_codes
           where account_id = $1 and purpose = $2 and code_hash = $3 and expires_at > $4 and guesses < $5
           returning account_id as "accountId", email`,
          [accountId, purpose, hashOfCode(accountId, code), clock.now(), guessesAllowed],
        );
        if (rows[0]) await forget(accountId, purpose);
        else
          await database.query(
            'update auth.email_codes set guesses = guesses + 1 where account_id = $1 and purpose = $2',
            [accountId, purpose],
          );
        return rows[0];
      }),

    forget,

    async prune() {
      await database.query('delete from auth.email_codes where expires_at <= $1', [clock.now()]);
    },
  };

  async function forget(accountId: string, purpose: string): Promise<void> {
    await database.query('delete from auth.email_codes where account_id = $1 and purpose = $2', [accountId, purpose]);
  }
}
