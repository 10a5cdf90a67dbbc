import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { InMemoryAudit } from '#platform/in-memory-audit.ts';
import { AuthErrors } from '../contract.ts';
import { type ForeignIdentity, ForeignProviders } from '../domain/foreign-providers.ts';
import { Limits } from '../domain/limits.ts';
import { goodPassword, minute } from '../testing/accounts.ts';
import { inMemoryAuth, usualAllowance } from '../testing/in-memory-auth.ts';
import { InMemoryIdentities } from '../testing/in-memory-identities.ts';
import { InMemoryOAuthState } from '../testing/in-memory-oauth-state.ts';
import { disconnectIdentity } from './disconnect-identity.ts';
import { foreignLogins } from './foreign-logins.ts';

const acme = 'https://id.acme.example';
const adaThere: ForeignIdentity = {
  issuer: acme,
  subject: 'ada-1',
  email: 'ada@example.com',
  emailVerified: true,
  name: 'Ada',
};
const address = '192.0.2.1';
const { signal } = new AbortController();

/** Believes whoever it is told to. */
class BelievingProviders extends ForeignProviders {
  readonly all = [{ name: 'acme', label: 'Acme' }];
  person = adaThere;

  async begin(name: string) {
    if (name !== 'acme') throw AuthErrors.unknownProvider();
    const checks = { state: randomUUID(), nonce: randomUUID(), verifier: randomUUID() };
    return { url: `${acme}/login?state=${checks.state}`, checks };
  }
  async finish(_name: string, answer: URLSearchParams, { state }: { state: string }) {
    if (answer.get('state') !== state) throw AuthErrors.foreignLoginFailed();
    return this.person;
  }
}

async function setUp({ registrationsPerAddress = 50 } = {}) {
  const auth = inMemoryAuth();
  const { clock, accounts, outbox, transaction, hasher, throttle, totpSecrets, codes, logger } = auth;
  const limits = new Limits({ ...usualAllowance, registrationsPerAddress });
  const identities = new InMemoryIdentities(accounts);
  const providers = new BelievingProviders();
  const known = new Set<string>();
  const audit = new InMemoryAudit();
  const logins = foreignLogins(
    transaction,
    providers,
    accounts,
    identities,
    new InMemoryOAuthState(clock, (id) => known.has(id)),
    outbox,
    audit,
    { email: 'root@example.com', password: undefined },
    hasher,
    throttle,
    limits,
    clock,
    logger,
  );
  const begin = async (connectTo?: string) => {
    const { url, browser } = await logins.begin('acme', { returnTo: '/account', connectTo });
    return { browser, answer: new URL(url).searchParams };
  };
  const finish = (login: { browser: string; answer: URLSearchParams }) =>
    logins.finish('acme', { ...login, address }, signal);
  const codeFor = (promise: Promise<unknown>) =>
    promise.then(
      () => 'done',
      ({ code }) => code as string,
    );
  return {
    ...auth,
    identities,
    providers,
    audit,
    logins,
    begin,
    finish,
    continued: async (connectTo?: string) => finish(await begin(connectTo)),
    codeFor,
    /** Somebody who registered here with a password. */
    async adaHere(email = 'ada@example.com') {
      const { userId } = await auth.register(email);
      known.add(userId);
      return userId;
    },
    async protect(userId: string) {
      const secret = codes.newSecret();
      await totpSecrets.propose(userId, secret, clock.now());
      await totpSecrets.confirm(userId, secret, 0, clock.now());
    },
    disconnect: disconnectIdentity(transaction, identities, audit),
  };
}

describe('logging in with an account elsewhere', () => {
  it('opens an account for somebody new, announces it, and finds it again', async () => {
    const { continued, outbox, accounts } = await setUp();
    const first = await continued();
    expect(first).toMatchObject({ kind: 'proved', returnTo: '/account', proved: { methods: ['fed'] } });
    const account = (await accounts.findByEmail('ada@example.com'))!;
    expect(account).toMatchObject({ name: 'Ada', roles: ['customer'], emailVerifiedAt: expect.any(Date) });
    expect(outbox.events).toMatchObject([
      { name: 'auth.user-registered', payload: { userId: account.id } },
      { name: 'auth.email-verified', payload: { userId: account.id } },
    ]);
    expect(await continued()).toMatchObject({ kind: 'proved', proved: { account: { id: account.id } } });
    expect(outbox.events).toHaveLength(2);
  });

  it('S19 never takes an account over by its address', async () => {
    const { continued, codeFor, adaHere, identities } = await setUp();
    const userId = await adaHere();
    expect(await codeFor(continued())).toBe('auth.address-taken');
    expect(await identities.of(userId)).toEqual([]);
  });

  it('S19 knows somebody by issuer and subject, whatever their address has become', async () => {
    const { continued, providers, adaHere } = await setUp();
    await continued();
    await adaHere('bob@example.com');
    providers.person = { ...adaThere, email: 'bob@example.com' };
    expect(await continued()).toMatchObject({ proved: { account: { email: 'ada@example.com' } } });
    providers.person = { ...adaThere, issuer: 'https://other.example', email: 'carol@example.com' };
    expect(await continued()).toMatchObject({ proved: { account: { email: 'carol@example.com' } } });
  });

  it.each([
    ['that its provider does not vouch for', { emailVerified: false }],
    ['that is missing', { email: undefined }],
    ['that is none', { email: 'ada at home' }],
  ])('opens no account with an address %s', async (_, fields) => {
    const { continued, providers, codeFor } = await setUp();
    providers.person = { ...adaThere, ...fields };
    expect(await codeFor(continued())).toBe('auth.no-verified-address');
  });

  it('opens no account with the address of the administrator', async () => {
    const { continued, providers, codeFor, accounts } = await setUp();
    providers.person = { ...adaThere, email: 'root@example.com' };
    expect(await codeFor(continued())).toBe('auth.address-taken');
    expect(await accounts.findByEmail('root@example.com')).toBeUndefined();
  });

  it('counts as a registration of the network', async () => {
    const { continued, providers, codeFor } = await setUp({ registrationsPerAddress: 1 });
    await continued();
    const others = ['bob', 'carol'].map((name) => ({ ...adaThere, subject: name, email: `${name}@example.com` }));
    const codes: string[] = [];
    for (const person of others) {
      providers.person = person;
      codes.push(await codeFor(continued()));
    }
    expect(codes).toEqual(['done', 'auth.too-many-attempts']);
  });

  it('leaves the new account with a password that nobody knows', async () => {
    const { continued, logIn, codeFor } = await setUp();
    await continued();
    for (const password of [goodPassword, 'ada-1', 'ada@example.com'])
      expect(await codeFor(logIn('ada@example.com', { password }))).toBe('auth.wrong-credentials');
  });

  it('is refused while the account is disabled', async () => {
    const { continued, codeFor, accounts, clock } = await setUp();
    await continued();
    const { id } = (await accounts.findByEmail('ada@example.com'))!;
    await accounts.disable(id, clock.now());
    expect(await codeFor(continued())).toBe('auth.foreign-login-failed');
  });

  it('tells that the account has a second factor', async () => {
    const { continued, adaHere, protect } = await setUp();
    const userId = await adaHere();
    await continued(userId);
    expect(await continued()).toMatchObject({ kind: 'proved', hasFactor: false });
    await protect(userId);
    expect(await continued()).toMatchObject({ kind: 'proved', hasFactor: true });
  });
});

describe('a login under way', () => {
  it('S18 is finished by the browser that began it', async () => {
    const { begin, finish, codeFor } = await setUp();
    const [mine, others] = [await begin(), await begin()];
    expect(await codeFor(finish({ ...mine, browser: others.browser }))).toBe('auth.foreign-login-failed');
    expect(await codeFor(finish({ ...mine, browser: randomUUID() }))).toBe('auth.foreign-login-failed');
    expect(await codeFor(finish(mine))).toBe('done');
  });

  it('is finished once, also of many at the same time', async () => {
    const { begin, finish, codeFor } = await setUp();
    const login = await begin();
    const all = await Promise.all(Array.from({ length: 5 }, () => codeFor(finish(login))));
    expect(all.filter((code) => code === 'done')).toHaveLength(1);
  });

  it('is forgotten after ten minutes', async () => {
    const { begin, finish, codeFor, clock } = await setUp();
    const login = await begin();
    clock.advance(10 * minute);
    expect(await codeFor(finish(login))).toBe('auth.foreign-login-failed');
  });

  it('is of a provider that there is', async () => {
    const { logins, codeFor } = await setUp();
    expect(await codeFor(logins.begin('other', { returnTo: '/' }))).toBe('auth.unknown-provider');
  });
});

describe('connecting an account elsewhere', () => {
  it('is done by who is logged in, whatever its address', async () => {
    const { continued, adaHere, identities, audit } = await setUp();
    const userId = await adaHere('other@example.com');
    expect(await continued(userId)).toEqual({ kind: 'connected', returnTo: '/account' });
    expect(await identities.of(userId)).toMatchObject([{ provider: 'acme', subject: 'ada-1' }]);
    expect(await continued()).toMatchObject({ proved: { account: { id: userId } } });
    expect(await continued(userId), 'again').toMatchObject({ kind: 'connected' });
    expect(audit.entries).toMatchObject([
      { act: 'auth.connect-identity', target: userId, outcome: 'done' },
      { act: 'auth.connect-identity', target: userId, outcome: 'done' },
    ]);
  });

  it('is refused for one that somebody else has connected', async () => {
    const { continued, adaHere, codeFor, identities } = await setUp();
    const [ada, bob] = [await adaHere('a@example.com'), await adaHere('b@example.com')];
    await continued(ada);
    expect(await codeFor(continued(bob))).toBe('auth.identity-taken');
    expect(await identities.of(bob)).toEqual([]);
  });

  it('is undone by its owner only', async () => {
    const { continued, adaHere, codeFor, identities, disconnect } = await setUp();
    const [ada, bob] = [await adaHere('a@example.com'), await adaHere('b@example.com')];
    await continued(ada);
    const { id: identityId } = (await identities.of(ada))[0]!;
    const context = undefined as never;
    expect(await codeFor(disconnect({ userId: bob, identityId }, context))).toBe('auth.identity-not-found');
    expect(await codeFor(disconnect({ userId: ada, identityId }, context))).toBe('done');
    expect(await identities.of(ada)).toEqual([]);
  });
});
