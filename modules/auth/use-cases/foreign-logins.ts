// ADR 0084
/**
 * Logging in with an account from elsewhere. A login under way is bound to the browser that began it by a token that only
 * that browser has; it is kept for ten minutes and works once.
 */
import { randomBytes } from 'node:crypto';
import { v7 as uuid } from 'uuid';
import { type Audit, recordedActs } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import type { Logger } from '#platform/logger.ts';
import { networkOf } from '#platform/network.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors, Email } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { AdministratorSettings } from '../domain/administrator.ts';
import type { ForeignChecks, ForeignIdentity, ForeignProviders } from '../domain/foreign-providers.ts';
import type { Identities } from '../domain/identities.ts';
import type { Limits } from '../domain/limits.ts';
import type { OAuthState } from '../domain/oauth-state.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { Throttle } from '../domain/throttle.ts';
import type { Authenticated } from './authenticate.ts';
import { openAccount } from './open-account.ts';
import { requireNoDelay } from './require-no-delay.ts';

export abstract class ForeignLogins {
  /** For `connectTo` it connects the other account to that one. `url` is where to send the browser, `browser` its token. */
  abstract begin(
    provider: string,
    options: { readonly returnTo: string; readonly connectTo?: string | undefined },
  ): Promise<{ readonly url: string; readonly browser: string }>;
  /** `answer` are the parameters that the browser brought back from the provider. */
  abstract finish(
    provider: string,
    returned: { readonly browser: string; readonly answer: URLSearchParams; readonly address: string },
    signal: AbortSignal,
  ): Promise<ForeignOutcome>;
}

export type ForeignOutcome =
  /** `hasFactor`: a second factor has to be shown before a session starts. */
  | {
      readonly kind: 'proved';
      readonly proved: Authenticated;
      readonly hasFactor: boolean;
      readonly returnTo: string;
    }
  | { readonly kind: 'connected'; readonly returnTo: string };

interface UnderWay {
  readonly provider: string;
  readonly checks: ForeignChecks;
  readonly returnTo: string;
  readonly connectTo: string | null;
}

const kind = 'ForeignLogin';
/** Milliseconds. */
const patience = 10 * 60_000;
const methods = ['fed'] as const;

export function foreignLogins(
  transaction: Transaction,
  providers: ForeignProviders,
  accounts: Accounts,
  identities: Identities,
  state: OAuthState,
  outbox: Outbox,
  audit: Audit,
  administrator: AdministratorSettings,
  hasher: PasswordHasher,
  throttle: Throttle,
  limits: Limits,
  clock: Clock,
  logger: Logger,
): ForeignLogins {
  const open = openAccount(transaction, accounts, outbox);
  const recorded = recordedActs(transaction, audit);

  async function keep(login: UnderWay): Promise<string> {
    const browser = randomBytes(32).toString('base64url');
    const expiresAt = new Date(clock.now().getTime() + patience);
    const accountId = login.connectTo ?? undefined;
    const kept = await state.putOnce(kind, browser, { payload: { ...login, until: +expiresAt }, expiresAt, accountId });
    if (!kept) throw AuthErrors.foreignLoginFailed();
    return browser;
  }

  async function take(browser: string, provider: string): Promise<UnderWay> {
    const found = await state.find(kind, browser);
    const login = found?.payload as (UnderWay & { until: number }) | undefined;
    const isUnderWay = login?.provider === provider && login.until > +clock.now();
    if (!isUnderWay || !(await state.consume(kind, browser)))
      throw AuthErrors.foreignLoginFailed({ detail: 'It took too long, or began in another browser. Begin again.' });
    return login;
  }

  async function connect(identity: ForeignIdentity, provider: string, accountId: string): Promise<void> {
    const details = { provider };
    await recorded({ act: 'auth.connect-identity', target: accountId, details }, async () => {
      const mine = await identities.owner(identity.issuer, identity.subject);
      if (mine?.account.id === accountId) return;
      if (!(await identities.add(newIdentity(identity, provider, accountId)))) throw AuthErrors.identityTaken();
    });
    logger.info('An account from elsewhere was connected.', { userId: accountId, provider });
  }

  const newIdentity = ({ issuer, subject, email }: ForeignIdentity, provider: string, accountId: string) => ({
    id: uuid(),
    accountId,
    issuer,
    subject,
    provider,
    email,
    connectedAt: clock.now(),
  });

  /** Opens an account for somebody whom a provider vouches for. Its password is one that nobody knows: a reset gives it another. */
  async function register(
    identity: ForeignIdentity,
    provider: string,
    address: string,
    signal: AbortSignal,
  ): Promise<Authenticated> {
    const email = Email.safeParse(identity.email);
    if (!email.success || !identity.emailVerified) throw AuthErrors.noVerifiedAddress();
    const network = networkOf(address);
    requireNoDelay(await throttle.reserve([limits.registration(network)]), logger);
    const passwordHash = await hasher.hash(randomBytes(32).toString('base64url'), {
      network,
      account: email.data,
      signal,
    });
    const account = {
      id: uuid(),
      email: email.data,
      name: (identity.name ?? email.data.split('@')[0]!).slice(0, 200),
      passwordHash,
      roles: ['customer'] as const,
      registeredAt: clock.now(),
      disabledAt: null,
      oneTimePassword: false,
      // The provider has checked it.
      emailVerifiedAt: clock.now(),
      mustVerifyEmail: true,
    };
    await transaction(async () => {
      // The owner of a mailbox may know that it has an account here, which is theirs only when they know its password too.
      if (email.data === administrator.email || !(await open(account))) throw AuthErrors.addressTaken();
      if (!(await identities.add(newIdentity(identity, provider, account.id)))) throw AuthErrors.identityTaken();
      audit.add({
        act: 'auth.register',
        target: account.id,
        actor: account.id,
        outcome: 'done',
        details: { provider },
      });
    });
    logger.info('Somebody registered with an account from elsewhere.', { userId: account.id, provider });
    return { account, passwordHash, methods };
  }

  return {
    async begin(provider, { returnTo, connectTo }) {
      const { url, checks } = await providers.begin(provider);
      return { url, browser: await keep({ provider, checks, returnTo, connectTo: connectTo ?? null }) };
    },

    async finish(provider, { browser, answer, address }, signal) {
      const { checks, returnTo, connectTo } = await take(browser, provider);
      const identity = await providers.finish(provider, answer, checks);
      if (connectTo !== null) {
        await connect(identity, provider, connectTo);
        return { kind: 'connected', returnTo };
      }
      const owner = await identities.owner(identity.issuer, identity.subject);
      if (!owner) {
        const proved = await register(identity, provider, address, signal);
        return { kind: 'proved', proved, hasFactor: false, returnTo };
      }
      const { account, hasFactor } = owner;
      if (account.disabledAt) {
        logger.warn('A login failed.', { reason: 'disabled account', userId: account.id });
        throw AuthErrors.foreignLoginFailed();
      }
      return { kind: 'proved', proved: { account, passwordHash: account.passwordHash, methods }, hasFactor, returnTo };
    },
  };
}
