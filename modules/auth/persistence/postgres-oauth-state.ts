import { createHash } from 'node:crypto';
import type { Clock } from '#platform/clock.ts';
import type { Database } from '#platform/database.ts';
import type { KeySealing } from '../domain/key-sealing.ts';
import type { KeptState, NewState, OAuthState } from '../domain/oauth-state.ts';

interface Row {
  readonly id: Buffer;
  readonly payload: string;
  readonly consumedAt: Date | null;
}

/** 256 random bits need no slow hash. The short codes that people type hold for minutes, and only a person who logged in can use one. */
const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();
const hashed = (text: string | undefined): Buffer | null => (text === undefined ? null : hashOf(text));
/** A sealed payload opens in its own row only. */
const placeOf = (kind: string, id: Buffer): string => `oauth ${kind} ${id.toString('hex')}`;

/** Payloads name who they are about and hold secrets of the protocol, so they are sealed as the signing keys are. */
export function postgresOAuthState(database: Database, sealing: KeySealing, clock: Clock): OAuthState {
  /** The locks let an end of the session, or of the account, and this see each other, whichever comes first. */
  const insert = (kind: string, id: string, state: NewState, onConflict: string) => {
    const { payload, expiresAt, sessionId, accountId, uid, userCode } = state;
    const hash = hashOf(id);
    return database.query(
      `with held as (select id from auth.sessions where id = $4::uuid for key share),
            owner as (select id from auth.accounts where id = $5::uuid for key share)
       insert into auth.oauth_state (kind, id, payload, session_id, account_id, uid, user_code, expires_at)
       select $1, $2, $3, $4, $5, $6, $7, $8
       where ($4::uuid is null or exists (select from held)) and ($5::uuid is null or exists (select from owner))
       on conflict (kind, id) ${onConflict}`,
      [
        kind,
        hash,
        sealing.seal(JSON.stringify(payload), placeOf(kind, hash)),
        sessionId ?? null,
        accountId ?? null,
        hashed(uid),
        hashed(userCode),
        expiresAt,
      ],
    );
  };

  async function findWhere(kind: string, condition: string, name: string): Promise<KeptState | undefined> {
    const { rows } = await database.query<Row>(
      `select id, payload, consumed_at as "consumedAt" from auth.oauth_state where kind = $1 and ${condition} = $2`,
      [kind, hashOf(name)],
    );
    // A payload that was sealed under another secret is as good as gone.
    const text = rows[0] && sealing.open(rows[0].payload, placeOf(kind, rows[0].id));
    return text === undefined ? undefined : { payload: JSON.parse(text), consumedAt: rows[0]?.consumedAt ?? undefined };
  }

  return {
    async put(kind, id, state) {
      const { rowCount } = await insert(
        kind,
        id,
        state,
        `do update set (payload, session_id, account_id, uid, user_code, expires_at) =
           (excluded.payload, excluded.session_id, excluded.account_id, excluded.uid, excluded.user_code, excluded.expires_at)`,
      );
      return rowCount === 1;
    },

    async putOnce(kind, id, state) {
      return (await insert(kind, id, state, 'do nothing')).rowCount === 1;
    },

    find: (kind, id) => findWhere(kind, 'id', id),
    findByUid: (kind, uid) => findWhere(kind, 'uid', uid),
    findByUserCode: (kind, userCode) => findWhere(kind, 'user_code', userCode),

    /** The second comer waits for the row, and then no longer finds it unused. */
    async consume(kind, id) {
      const { rowCount } = await database.query(
        'update auth.oauth_state set consumed_at = $3 where kind = $1 and id = $2 and consumed_at is null',
        [kind, hashOf(id), clock.now()],
      );
      return rowCount === 1;
    },

    async remove(kind, id) {
      await database.query('delete from auth.oauth_state where kind = $1 and id = $2', [kind, hashOf(id)]);
    },

    async prune() {
      await database.query('delete from auth.oauth_state where expires_at <= $1', [clock.now()]);
    },
  };
}
