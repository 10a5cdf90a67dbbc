import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Transaction } from '#platform/transaction.ts';
import { testDatabase, type TestDatabase } from '../../../tests/support/postgres.ts';
import { statementsOf } from '../../../tests/support/statements.ts';
import { SessionEndings } from '../domain/session-endings.ts';
import type { SessionLifetimes } from '../domain/session-lifetimes.ts';
import { keySealing } from '../security/key-sealing.ts';
import { anAccount, aSession, day, lifetimes, noon, SteppedClock } from '../testing/accounts.ts';
import { identitiesSuite } from '../testing/identities.suite.ts';
import { emailCodesSuite } from '../testing/email-codes.suite.ts';
import { identitySuite } from '../testing/identity.suite.ts';
import { aSigningKey, signingKeysSuite } from '../testing/signing-keys.suite.ts';
import { throttleSuite } from '../testing/throttle.suite.ts';
import { PrismaClient } from './generated/client.ts';
import { postgresAdministration } from './postgres-administration.ts';
import { postgresDevices } from './postgres-devices.ts';
import { postgresEmailCodes } from './postgres-email-codes.ts';
import { postgresFactors } from './postgres-factors.ts';
import { postgresIdentities } from './postgres-identities.ts';
import { postgresSigningKeys } from './postgres-signing-keys.ts';
import { postgresTotpSecrets } from './postgres-totp-secrets.ts';
import { prismaAccounts } from './prisma-accounts.ts';
import { prismaSessions } from './prisma-sessions.ts';
import { prismaThrottle } from './prisma-throttle.ts';

let auth: TestDatabase;
let prisma: PrismaClient;
beforeAll(async () => {
  auth = await testDatabase('auth');
  prisma = auth.database.prisma(PrismaClient);
});
afterAll(() => auth.drop());

const sealing = keySealing('a secret of more than thirty-two characters', 'auth totp secrets');
const transaction: Transaction = (work) => auth.database.transaction(work);
function identity(clock = new SteppedClock(), times: SessionLifetimes = lifetimes) {
  const endings = new SessionEndings();
  return {
    accounts: prismaAccounts(auth.database, prisma, auth.traces, endings),
    administration: postgresAdministration(auth.database, endings),
    devices: postgresDevices(auth.database, clock),
    totpSecrets: postgresTotpSecrets(auth.database, sealing),
    factors: postgresFactors(auth.database),
    sessions: prismaSessions(auth.database, prisma, endings, times, clock),
    endings,
    transaction,
  };
}
const allText = async () => {
  const { rows: tables } = await auth.sql(
    `select table_name from information_schema.tables where table_schema = 'auth'`,
  );
  const lines: string[] = [];
  for (const { table_name } of tables) {
    const { rows } = await auth.sql(`select t::text as line from auth."${table_name}" t`);
    lines.push(...rows.map(({ line }) => line as string));
  }
  return lines.join('\n');
};

describe('identity in PostgreSQL', () => {
  beforeEach(() => auth.sql('truncate auth.accounts cascade'));

  identitySuite(identity);

  const open = async ({ accounts, sessions } = identity()) => {
    const account = anAccount();
    await accounts.add(account);
    const session = aSession(account);
    const { id } = session;
    const opened = await sessions.open(session, account.passwordHash);
    return { account, id, session, refreshToken: opened?.refreshToken ?? '' };
  };

  it('stores no refresh token, neither in use nor used, and no device token', async () => {
    const ports = identity();
    const { refreshToken, session } = await open(ports);
    const device = (await ports.devices.remember(session, undefined)) ?? '';
    const rotation = await ports.sessions.rotate(refreshToken);
    const text = await allText();
    const hex = (token: string) => Buffer.from(token).toString('hex');
    const successor = rotation.outcome === 'rotated' ? rotation.refreshToken : '';
    for (const part of [device, refreshToken, successor].flatMap((token) => [...token.split('.'), token])) {
      expect(part.length).toBeGreaterThanOrEqual(43);
      expect(text).not.toMatch(part);
      expect(text).not.toMatch(hex(part));
      expect(text).not.toMatch(Buffer.from(part, 'base64url').toString('hex'));
    }
  });

  it('goes on with sessions of the first release, whose tokens had no family', async () => {
    const ports = identity();
    const { id } = await open(ports);
    const first = randomBytes(32).toString('base64url');
    const sha256 = (text: string) => createHash('sha256').update(text).digest();
    const asBefore =
      'update auth.sessions set refresh_hash = $2, family_hash = null, previous_hash = null where id = $1';
    await auth.sql(asBefore, [id, sha256(first)]);
    await auth.sql('insert into auth.spent_refresh_tokens (hash, session_id) values ($2, $1)', [
      id,
      sha256('used before'),
    ]);

    const rotation = await ports.sessions.rotate(first);
    expect(rotation).toMatchObject({ outcome: 'rotated', session: { id } });
    expect(await ports.sessions.rotate(first), 'within the grace').toEqual(rotation);
    const successor = rotation.outcome === 'rotated' ? rotation.refreshToken : '';

    // A process of the first release goes on, next to this one.
    const theirs = randomBytes(32).toString('base64url');
    await auth.sql('update auth.sessions set refresh_hash = $2 where id = $1', [id, sha256(theirs)]);
    const ours = await ports.sessions.rotate(theirs);
    expect(ours).toMatchObject({ outcome: 'rotated', session: { id } });
    expect(await ports.sessions.rotate(successor), 'of a family that is gone').toEqual({ outcome: 'unknown' });
    expect(await ports.sessions.rotate('used before')).toMatchObject({ outcome: 'reused', sessionId: id });
  });

  it('takes a session of an earlier release, which noted no proof, for one that began with a password', async () => {
    const ports = identity();
    const { id, account, refreshToken } = await open(ports);
    await auth.sql(
      `insert into auth.sessions (id, account_id, refresh_hash, family_hash, started_at, last_used_at, expires_at)
       select gen_random_uuid(), account_id, sha256('another'), sha256('another family'), started_at, last_used_at, expires_at
       from auth.sessions where id = $1`,
      [id],
    );
    const [before, beside] = await ports.sessions.list(account.id, { limit: 2 });
    expect([before?.authenticatedAt, beside?.authenticatedAt]).toEqual([noon, noon]);
    await auth.sql('update auth.sessions set authenticated_at = null where id = $1', [id]);
    expect(await ports.sessions.rotate(refreshToken)).toMatchObject({
      session: { authenticatedAt: noon, amr: ['pwd'] },
    });
  });

  it('lists the sessions that applications hold, each with the name of the application', async () => {
    const ports = identity();
    const { id, account } = await open(ports);
    const {
      rows: [application],
    } = await auth.sql(
      `insert into auth.applications (id, name, kind, redirect_uris, scopes, roles, post_logout_redirect_uris, created_at)
       values (gen_random_uuid(), 'Reader', 'public', '{https://reader.example/}', '{}', '{}', '{}', now()) returning id`,
    );
    expect(await ports.sessions.list(account.id, { limit: 1 })).toMatchObject([{ application: null }]);
    await auth.sql('update auth.sessions set application_id = $2 where id = $1', [id, application!.id]);
    expect(await ports.sessions.list(account.id, { limit: 1 })).toMatchObject([
      { id, application: { id: application!.id, name: 'Reader' } },
    ]);
  });

  it('S13 gives no successor of a token after a process of the first release went on from there', async () => {
    const ports = identity();
    const { id, refreshToken } = await open(ports);
    await ports.sessions.rotate(refreshToken);
    await auth.sql('update auth.sessions set refresh_hash = $2 where id = $1', [id, randomBytes(32)]);
    expect(await ports.sessions.rotate(refreshToken)).toMatchObject({ outcome: 'reused', sessionId: id });
  });

  it('S15 holds sessions to a shorter life when the setting is lowered', async () => {
    const clock = new SteppedClock();
    const { refreshToken } = await open(identity(clock));
    const lowered = identity(clock, { ...lifetimes, absolute: day });
    clock.advance(day);
    expect((await lowered.sessions.rotate(refreshToken)).outcome).toBe('unknown');
    expect((await identity(clock).sessions.rotate(refreshToken)).outcome).toBe('rotated');
  });

  describe('with second factors', () => {
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
    const add = async () => {
      const account = anAccount();
      await identity().accounts.add(account);
      return account;
    };

    it('stores no secret of an authenticator app and no recovery code that could be read', async () => {
      const { totpSecrets, factors } = identity();
      const { id } = await add();
      await totpSecrets.propose(id, secret, noon);
      await factors.replaceRecoveryCodes(id, ['aaaa-bbbb-cccc-dddd']);
      const text = await allText();
      expect(text).toContain(id);
      for (const part of [secret, 'aaaabbbbccccdddd', 'aaaa-bbbb'])
        for (const form of [part, Buffer.from(part).toString('hex')]) expect(text).not.toContain(form);
    });

    it('seals secrets once there is something to seal them with, each for its own account', async () => {
      const inClear = postgresTotpSecrets(auth.database, keySealing(undefined, 'auth totp secrets'));
      const { totpSecrets } = identity();
      const [one, other] = [await add(), await add()];
      for (const { id } of [one, other]) await inClear.propose(id, secret, noon);
      expect(await inClear.sealClear()).toBe(0);
      expect(await totpSecrets.sealClear()).toBe(2);
      expect(await totpSecrets.sealClear()).toBe(0);
      expect(await totpSecrets.find(one.id)).toMatchObject({ secret });
      expect(await inClear.find(one.id), 'without the secret they were sealed under').toMatchObject({
        secret: undefined,
      });
      await auth.sql(
        'update auth.totp_secrets set secret = (select secret from auth.totp_secrets where account_id = $1)',
        [one.id],
      );
      expect(await totpSecrets.find(other.id)).toMatchObject({ secret: undefined });
    });

    it('asks for a login in one statement, and uses a code up in two', async () => {
      const { totpSecrets, accounts, factors } = identity();
      const { id, email } = await add();
      await totpSecrets.propose(id, secret, noon);
      await totpSecrets.confirm(id, secret, 1, noon);
      const cost = async (work: () => Promise<unknown>) => (await statementsOf(auth.database, work)).length;
      expect(await cost(() => accounts.findForLogIn(email, undefined))).toBe(1);
      expect(await cost(async () => totpSecrets.use(id, (await totpSecrets.find(id)) ? 2 : 0))).toBe(2);
      expect(await cost(() => factors.useRecoveryCode(id, 'aaaa-bbbb-cccc-dddd'))).toBe(1);
    });
  });

  it('leaves nothing of an erased account', async () => {
    const ports = identity();
    const { account, refreshToken } = await open(ports);
    await ports.sessions.rotate(refreshToken);
    await ports.accounts.forget(account.id);
    const text = await allText();
    expect(text).not.toMatch(account.id);
    expect(text).not.toMatch(account.email);
    expect((await auth.sql('select from auth.spent_refresh_tokens')).rowCount).toBe(0);
  });

  it('tells of an ended session once that is durable, and never when it was rolled back', async () => {
    const { accounts, sessions, endings } = identity();
    const { account, id, refreshToken } = await open({ ...identity(), accounts, sessions });
    const told: string[] = [];
    endings.onEnded((ended) => told.push(ended));
    const rolledBack = auth.database.transaction(async () => {
      await sessions.end(refreshToken);
      throw new Error('too late');
    });
    await expect(rolledBack).rejects.toThrow('too late');
    await auth.database.transaction(async () => {
      await accounts.disable(account.id, noon);
      expect(told).toEqual([]);
    });
    expect(told).toEqual([id]);
  });

  it('refreshes in one statement, asks for a session in one, and for a login in one', async () => {
    const ports = identity();
    const { accounts, sessions } = ports;
    const { account, id, refreshToken } = await open(ports);
    const cost = async (work: () => Promise<unknown>) => (await statementsOf(auth.database, work)).length;
    expect(await cost(() => sessions.rotate(refreshToken))).toBe(1);
    expect(await cost(() => sessions.isLive(id))).toBe(1);
    expect(await cost(() => sessions.confirm(id, account.id, ['pwd']))).toBe(1);
    expect(await cost(() => accounts.findForLogIn(account.email, 'somewhere')), 'S25').toBe(1);
    expect(await cost(() => accounts.findForLogIn('nobody@example.com', 'somewhere')), 'S25').toBe(1);
  });

  it('refuses what must never be stored', async () => {
    const { accounts } = identity();
    const store = (fields: object) => accounts.add(anAccount(fields));
    await expect(store({ email: 'Ada@Example.com' })).rejects.toThrow();
    await expect(store({ passwordHash: 'in the clear' })).rejects.toThrow();
    await expect(store({ roles: ['root'] })).rejects.toThrow();
    await expect(store({ roles: [] })).rejects.toThrow();
    expect(await store({ roles: ['customer', 'support', 'catalogue', 'admin'] })).toBe(true);
  });
});

describe('the throttle in PostgreSQL', () => {
  throttleSuite((clock) => prismaThrottle(auth.database, prisma, clock));

  it('S40 stores no subject that a person could read', async () => {
    const throttle = prismaThrottle(auth.database, prisma, new SteppedClock());
    const pace = { allowed: 1, forgiveEach: 1000, firstDelay: 1000, longestDelay: 1000 };
    await throttle.reserve([{ scope: 'account', subject: 'ada@example.com', from: '203.0.113.9', pace }]);
    const { rows } = await auth.sql('select t::text as line from auth.throttles t');
    const text = rows.map(({ line }) => line).join();
    expect(text).toMatch('account:');
    expect(text).not.toMatch(/ada@|203\.0/);
  });
});

describe('signing keys in PostgreSQL', () => {
  const empty = () => auth.sql('truncate auth.signing_keys');
  describe('without a secret', () => {
    signingKeysSuite(async () => {
      await empty();
      return postgresSigningKeys(auth.database, keySealing(undefined));
    });
  });

  it('are sealed once there is a secret, and are the same keys', async () => {
    await empty();
    const [clear, sealed] = [undefined, 'a secret of more than thirty-two characters'].map((secret) =>
      postgresSigningKeys(auth.database, keySealing(secret)),
    );
    const key = aSigningKey(1);
    await clear!.add(key);
    expect(await clear!.sealClear(), 'there is nothing to seal it with').toBe(0);
    expect(await sealed!.sealClear()).toBe(1);
    const { rows } = await auth.sql('select private_key from auth.signing_keys');
    expect(rows[0].private_key).toMatch(/^sealed-1\./);
    expect(await sealed!.all()).toEqual([key]);
    expect(await sealed!.sealClear()).toBe(0);
  });

  describe('with a secret', () => {
    const secret = 'a secret of more than thirty-two characters';
    signingKeysSuite(async () => {
      await empty();
      return postgresSigningKeys(auth.database, keySealing(secret));
    });

    it('hides the private key from readers of the database', async () => {
      const { rows } = await auth.sql('select private_key from auth.signing_keys');
      expect(rows).toHaveLength(1);
      expect(rows[0].private_key).toMatch(/^sealed-1\./);
      expect(rows[0].private_key).not.toMatch(/PRIVATE|secret/);
    });

    it('knows the public half of a key that another secret sealed, and does not sign with it', async () => {
      const [key] = await postgresSigningKeys(
        auth.database,
        keySealing('another secret of more than thirty-two'),
      ).all();
      expect(key).toMatchObject({ publicKey: { kid: 'key-3' } });
      expect(key?.privateKey).toBeUndefined();
    });
  });
});

describe('identities in PostgreSQL', () => {
  identitiesSuite(() => {
    const accounts = prismaAccounts(auth.database, prisma, auth.traces, new SessionEndings());
    return { accounts, identities: postgresIdentities(auth.database, accounts) };
  });
});

describe('proofs by mail in PostgreSQL', () => {
  const made = (clock: SteppedClock, secret?: string) => ({
    accounts: identity(clock).accounts,
    codes: postgresEmailCodes(auth.database, clock, secret),
  });
  emailCodesSuite(made);

  it('stores neither the token nor the code, and no hash that six digits could be found by', async () => {
    const { accounts, codes } = made(new SteppedClock(), 'a secret of more than thirty-two characters');
    const account = anAccount();
    await accounts.add(account);
    const { token, code } = await codes.issue('verify', { accountId: account.id, email: account.email });
    const text = await allText();
    for (const secret of [token, Buffer.from(token, 'base64url').toString('hex')]) expect(text).not.toContain(secret);
    expect(text).not.toMatch(new RegExp(`\\b${code}\\b`));
    const withoutSecret = made(new SteppedClock());
    expect(await withoutSecret.codes.redeemCode('verify', account.id, code)).toBeUndefined();
    expect(await codes.redeemCode('verify', account.id, code)).toBeDefined();
  });
});
