// ADR 0020, ADR 0080
import type { Audit } from '#platform/audit.ts';
import type { Clock } from '#platform/clock.ts';
import { Failure } from '#platform/errors.ts';
import type { Mail } from '#platform/mail.ts';
import { networkOf } from '#platform/network.ts';
import type { Logger } from '#platform/logger.ts';
import type { Transaction } from '#platform/transaction.ts';
import { AuthErrors } from '../contract.ts';
import type { Account } from '../domain/account.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { AuthenticationMethod } from '../domain/authentication.ts';
import type { Limits } from '../domain/limits.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { PasswordRules } from '../domain/password-rules.ts';
import type { Throttle } from '../domain/throttle.ts';
import { tellOwner } from '../mails/notice.ts';
import { attempt } from './attempt.ts';
import type { ConfirmFactor } from './confirm-factor.ts';
import type { RecordFailedLogIn } from './record-failed-log-in.ts';
import { requireGoodPassword } from './require-good-password.ts';
import type { RequireVerified } from './require-verified.ts';

/** Proofs of who somebody is; where they came from counts towards limits. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
  readonly address: string;
  readonly deviceToken?: string | undefined;
  readonly newPassword?: string | undefined;
  readonly code?: string | undefined;
}

export interface Authenticated {
  readonly account: Account;
  /** The hash of the password in force now; a session opens only while it is. */
  readonly passwordHash: string;
  readonly methods: readonly AuthenticationMethod[];
}

/** The cause of `auth.second-factor-required`, for who goes on with it: the password was right. */
export class FactorAwaited extends Error {
  readonly account: Account;
  readonly passwordHash: string;
  /** The token of a known device. */
  readonly device: string | undefined;

  constructor(account: Account, passwordHash: string, device: string | undefined) {
    super('A second factor is awaited.');
    this.account = account;
    this.passwordHash = passwordHash;
    this.device = device;
  }
}

/** Proves by a password, and by a second factor where the account has one, whose account it is. The one way in for REST, pages and OAuth. */
export type Authenticate = (credentials: Credentials, signal: AbortSignal) => Promise<Authenticated>;
export const Authenticate = class Authenticate {} as unknown as abstract new () => Authenticate;

/** An unknown account, a disabled one and a wrong password cost the same work and get the same answer. */
export function authenticate(
  accounts: Accounts,
  rules: PasswordRules,
  hasher: PasswordHasher,
  throttle: Throttle,
  limits: Limits,
  confirmFactor: ConfirmFactor,
  requireVerified: RequireVerified,
  transaction: Transaction,
  audit: Audit,
  recordFailure: RecordFailedLogIn,
  mails: Mail,
  clock: Clock,
  logger: Logger,
): Authenticate {
  return async ({ email, password, address, deviceToken, newPassword, code }, signal) => {
    const network = networkOf(address);
    const requester = { network, account: email, signal };
    const found = await accounts.findForLogIn(email, deviceToken);
    const account = found?.account;
    const device = found?.knowsDevice ? deviceToken : undefined;
    const { own, shared, successes } = limits.logIn(email, network, device);
    const counted = [own, shared, ...successes];
    const isRight = await attempt(throttle, counted, logger, () =>
      hasher.verify(password, account?.passwordHash, requester),
    );

    const refuse = async (reason: string): Promise<never> => {
      await throttle.giveBack(successes);
      logger.warn('A login failed.', { reason, userId: account?.id });
      await recordFailure(account?.id, reason);
      throw AuthErrors.wrongCredentials();
    };
    if (!account) return refuse('unknown account');
    if (!isRight) return refuse('wrong password');
    if (account.disabledAt) return refuse('disabled account');

    await Promise.all([throttle.clear(own), throttle.giveBack([shared])]);

    // All that can be refused comes before the code, which works once.
    if (account.oneTimePassword && newPassword === undefined) {
      await throttle.giveBack(successes);
      throw AuthErrors.passwordChangeRequired();
    }
    await requireVerified(account);
    if (newPassword !== undefined) requireGoodPassword(rules, newPassword, { ...account, password }, '/newPassword');
    const methods: AuthenticationMethod[] = ['pwd'];
    if (found.hasFactor) {
      // It counts as a login that succeeded: whoever knows the password must not have hashes computed without end.
      if (code === undefined)
        throw AuthErrors.secondFactorRequired({ cause: new FactorAwaited(account, account.passwordHash, device) });
      try {
        methods.push(...(await confirmFactor(account.id, { code }, device)), 'mfa');
      } catch (error) {
        if (error instanceof Failure && error.code === AuthErrors.wrongCode.code)
          await recordFailure(account.id, 'wrong code');
        throw error;
      }
    }

    let { passwordHash } = account;
    if (newPassword !== undefined) {
      const from = passwordHash;
      passwordHash = await hasher.hash(newPassword, requester);
      const to = passwordHash;
      const changed = await transaction(async () => {
        if (!(await accounts.changePassword(account.id, { from, to, keep: null }))) return false;
        audit.add({ act: 'auth.change-password', actor: account.id, target: account.id, outcome: 'done' });
        tellOwner(mails, clock, account, 'password-changed');
        return true;
      });
      if (!changed) return refuse('changed meanwhile');
      logger.info('A password was changed; all sessions have ended.', { userId: account.id });
    } else if (hasher.isOutdated(passwordHash)) {
      const stronger = await hasher.hash(password, requester);
      await accounts.rehash(account.id, passwordHash, stronger);
      passwordHash = stronger;
    }
    return { account, passwordHash, methods };
  };
}
