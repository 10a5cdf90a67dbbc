import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDatabase, type TestDatabase } from '../../../tests/support/postgres.ts';
import { SessionEndings } from '../domain/session-endings.ts';
import { keySealing } from '../security/key-sealing.ts';
import { lifetimes, noon, SteppedClock } from '../testing/accounts.ts';
import { applicationsSuite } from '../testing/applications.suite.ts';
import { oauthStateSuite } from '../testing/oauth-state.suite.ts';
import { PrismaClient } from './generated/client.ts';
import { postgresApplications } from './postgres-applications.ts';
import { postgresAuthorizations } from './postgres-authorizations.ts';
import { postgresConsents } from './postgres-consents.ts';
import { postgresOAuthState } from './postgres-oauth-state.ts';
import { prismaAccounts } from './prisma-accounts.ts';
import { prismaSessions } from './prisma-sessions.ts';

let auth: TestDatabase;
let prisma: PrismaClient;
beforeAll(async () => {
  auth = await testDatabase('auth');
  prisma = auth.database.prisma(PrismaClient);
});
afterAll(() => auth.drop());

describe('applications in PostgreSQL', () => {
  applicationsSuite((clock, times) => {
    const endings = new SessionEndings();
    return {
      endings,
      accounts: prismaAccounts(auth.database, prisma, auth.traces, endings),
      sessions: prismaSessions(auth.database, prisma, endings, times, clock),
      applications: postgresApplications(auth.database, endings, clock),
      consents: postgresConsents(auth.database, endings),
      authorizations: postgresAuthorizations(auth.database, endings, times, clock),
    };
  });
});

const secret = 's'.repeat(32);
const stateWith = (key: string | undefined, clock = new SteppedClock()) =>
  postgresOAuthState(auth.database, keySealing(key), clock);

describe('the state of the OAuth server in PostgreSQL', () => {
  oauthStateSuite((clock) => {
    const endings = new SessionEndings();
    return {
      state: stateWith(secret, clock),
      accounts: prismaAccounts(auth.database, prisma, auth.traces, endings),
      sessions: prismaSessions(auth.database, prisma, endings, lifetimes, clock),
    };
  });

  it('has no id, no code and nothing of a payload in clear', async () => {
    const [id, uid, userCode, inside] = Array.from({ length: 4 }, () => randomBytes(32).toString('base64url'));
    await stateWith(secret).put('DeviceCode', id!, { payload: { inside }, expiresAt: noon, uid, userCode });
    const { rows } = await auth.sql('select t::text as line from auth.oauth_state t');
    const text = rows.map(({ line }) => line as string).join('\n');
    for (const part of [id!, uid!, userCode!, inside!]) {
      expect(text).not.toContain(part);
      expect(text).not.toContain(Buffer.from(part).toString('hex'));
    }
  });

  it('opens a payload in its own row only, and under its own secret only', async () => {
    const [id, other] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
    const state = stateWith(secret);
    await state.put('Grant', id, { payload: { mine: true }, expiresAt: noon });
    await state.put('Grant', other, { payload: { mine: false }, expiresAt: noon });
    await auth.sql(
      `update auth.oauth_state set payload = (select payload from auth.oauth_state where id = sha256($1::bytea))
       where id = sha256($2::bytea)`,
      [Buffer.from(id), Buffer.from(other)],
    );
    expect((await state.find('Grant', id))?.payload).toEqual({ mine: true });
    expect(await state.find('Grant', other)).toBeUndefined();
    expect(await stateWith('t'.repeat(32)).find('Grant', id)).toBeUndefined();
  });
});
