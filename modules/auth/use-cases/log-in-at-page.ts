// ADR 0079
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '#platform/clock.ts';
import { Failure } from '#platform/errors.ts';
import { AuthErrors } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { AuthenticationMethod } from '../domain/authentication.ts';
import type { OAuthState } from '../domain/oauth-state.ts';
import { type Authenticate, type Authenticated, type Credentials, FactorAwaited } from './authenticate.ts';
import type { BrowserSessions, Started } from './browser-sessions.ts';
import type { ConfirmFactor, ShownFactor } from './confirm-factor.ts';

/** The way in for pages, which ask for a second factor on a page of its own. */
export abstract class LogInAtPage {
  /** Starts a session, or gives the secret of a login that awaits a second factor. */
  abstract byPassword(credentials: Credentials, signal: AbortSignal): Promise<Started | { readonly awaited: string }>;
  /** The same for who was proved by a provider elsewhere. */
  abstract byProvider(
    proved: Authenticated,
    hasFactor: boolean,
    device: string | undefined,
  ): Promise<Started | { readonly awaited: string }>;
  /** Goes on with such a login. Throws `auth.wrong-code`, and `auth.login-expired` where it has to begin anew. */
  abstract byFactor(awaited: string, factor: ShownFactor, device: string | undefined): Promise<Started>;
}

const kind = 'AwaitedFactor';
/** Milliseconds in which a second factor must be shown. */
const patience = 10 * 60 * 1_000;

interface Awaited {
  readonly accountId: string;
  /** SHA-256 of the hash of the password that was right. */
  readonly password: string;
  readonly knownDevice: string | undefined;
  readonly methods: readonly AuthenticationMethod[];
}

const fingerprint = (passwordHash: string) => createHash('sha256').update(passwordHash).digest('hex');

export function logInAtPage(
  authenticate: Authenticate,
  confirmFactor: ConfirmFactor,
  browserSessions: BrowserSessions,
  accounts: Accounts,
  state: OAuthState,
  clock: Clock,
): LogInAtPage {
  async function awaitFactor(
    { account, passwordHash, methods }: Authenticated,
    device: string | undefined,
  ): Promise<{ awaited: string }> {
    const awaited = randomBytes(32).toString('base64url');
    const payload = { accountId: account.id, password: fingerprint(passwordHash), knownDevice: device, methods };
    const expiresAt = new Date(clock.now().getTime() + patience);
    if (
      !(await state.put(kind, awaited, {
        payload: { ...payload, expiresAt: +expiresAt },
        expiresAt,
        accountId: account.id,
      }))
    )
      throw AuthErrors.wrongCredentials();
    return { awaited };
  }

  return {
    async byPassword(credentials, signal) {
      try {
        return await browserSessions.start(await authenticate(credentials, signal), credentials.deviceToken);
      } catch (error) {
        if (!(error instanceof Failure && error.cause instanceof FactorAwaited)) throw error;
        return awaitFactor({ ...error.cause, methods: ['pwd'] }, error.cause.device);
      }
    },

    // It says nothing of the device: wrong codes count with everybody's.
    byProvider: async (proved, hasFactor, device) =>
      hasFactor ? awaitFactor(proved, undefined) : browserSessions.start(proved, device),

    async byFactor(awaited, factor, device) {
      const kept = await state.find(kind, awaited);
      const {
        accountId,
        password,
        knownDevice,
        methods: before = [],
        expiresAt = 0,
      } = (kept?.payload ?? {}) as Partial<Awaited & { expiresAt: number }>;
      const account = accountId === undefined ? undefined : await accounts.find(accountId);
      const isAwaited = kept?.consumedAt === undefined && expiresAt > clock.now().getTime();
      if (!account || !isAwaited || fingerprint(account.passwordHash) !== password) throw AuthErrors.loginExpired();
      const methods = await confirmFactor(account.id, factor, knownDevice);
      if (!(await state.consume(kind, awaited))) throw AuthErrors.loginExpired();
      const { passwordHash } = account;
      return browserSessions.start({ account, passwordHash, methods: [...before, ...methods, 'mfa'] }, device);
    },
  };
}
