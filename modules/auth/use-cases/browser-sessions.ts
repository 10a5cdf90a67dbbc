// ADR 0079
import { randomBytes } from 'node:crypto';
import { v7 as uuid } from 'uuid';
import type { Audit } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import { currentContext } from '#platform/context.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors } from '../contract.ts';
import type { Account } from '../domain/account.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { AuthenticationMethod } from '../domain/authentication.ts';
import type { OAuthState } from '../domain/oauth-state.ts';
import type { SessionLifetimes } from '../domain/session-lifetimes.ts';
import type { Sessions } from '../domain/sessions.ts';
import type { Authenticated } from './authenticate.ts';
import { openSession } from './open-session.ts';
import type { RememberDevice } from './remember-device.ts';

/** Who is logged in at a browser. */
export interface BrowserSession {
  readonly sessionId: string;
  readonly account: Account;
  /** When they last proved who they are, and how. */
  readonly authenticatedAt: Date;
  /** Milliseconds since then, when it was asked for. */
  readonly age: number;
  readonly methods: readonly AuthenticationMethod[];
}

/** Secrets that a browser keeps in cookies. */
export interface Started {
  readonly secret: string;
  readonly device: string | undefined;
}

/**
 * Sessions of browsers, which show a secret in a cookie. Each is a session as any other: it is in the person's list, and
 * ends with a change of the password, or with the account, at once.
 */
export abstract class BrowserSessions {
  /** Throws `auth.wrong-credentials` where the account has changed since it was proved. */
  abstract start(proved: Authenticated, device?: string): Promise<Started>;
  abstract find(secret: string): Promise<BrowserSession | undefined>;
  /** Ends the session; without effect where there is none. */
  abstract end(secret: string): Promise<void>;
}

const kind = 'BrowserSession';

export function browserSessions(
  transaction: Transaction,
  sessions: Sessions,
  state: OAuthState,
  accounts: Accounts,
  remember: RememberDevice,
  lifetimes: SessionLifetimes,
  audit: Audit,
  clock: Clock,
  logger: Logger,
): BrowserSessions {
  const open = openSession(transaction, sessions, audit);
  const read = async (secret: string) => (await state.find(kind, secret))?.payload as Payload | undefined;

  return {
    async start({ account, passwordHash, methods }, device) {
      const { network = null, userAgent = null } = currentContext()?.origin ?? {};
      const [id, authenticatedAt] = [uuid(), clock.now()];
      const session = { id, accountId: account.id, roles: account.roles, authenticatedAt, amr: methods };
      // Nobody gets its refresh token: what a browser keeps is good for pages only.
      const opened = await open({ ...session, network, userAgent }, passwordHash);
      const secret = randomBytes(32).toString('base64url');
      const payload: Payload = { sessionId: id, accountId: account.id, methods };
      const expiresAt = new Date(+authenticatedAt + lifetimes.idle);
      if (!opened || !(await state.put(kind, secret, { payload, expiresAt, sessionId: id }))) {
        logger.warn('A login failed.', { reason: 'changed meanwhile', userId: account.id });
        throw AuthErrors.wrongCredentials();
      }
      logger.info('Somebody logged in at a page.', { userId: account.id, sessionId: id });
      return { secret, device: await remember(session, account, device) };
    },

    async find(secret) {
      const kept = await read(secret);
      if (!kept) return undefined;
      const { sessionId, accountId, methods } = kept;
      const authenticatedAt = await sessions.authenticatedAt(sessionId, accountId);
      const account = authenticatedAt && (await accounts.find(accountId));
      return account && { sessionId, account, authenticatedAt, age: +clock.now() - +authenticatedAt, methods };
    },

    async end(secret) {
      const kept = await read(secret);
      if (!kept || !(await sessions.endById(kept.sessionId, kept.accountId))) return;
      logger.info('Somebody logged out.', { userId: kept.accountId, sessionId: kept.sessionId });
    },
  };
}

type Payload = {
  readonly sessionId: string;
  readonly accountId: string;
  readonly methods: readonly AuthenticationMethod[];
};
