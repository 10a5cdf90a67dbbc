// ADR 0020
import { v7 as uuid } from 'uuid';
import type { Handler } from '#platform/contract.ts';
import { networkOf } from '#platform/network.ts';
import type { Logger } from '#platform/logger.ts';
import { AuthErrors, type AuthApi } from '../contract.ts';
import type { AccessTokens } from '../domain/access-tokens.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Devices } from '../domain/devices.ts';
import type { Limits } from '../domain/limits.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { PasswordRules } from '../domain/password-rules.ts';
import type { Sessions } from '../domain/sessions.ts';
import type { Throttle } from '../domain/throttle.ts';
import { attempt } from './attempt.ts';
import { requireGoodPassword } from './require-good-password.ts';

/** An unknown account, a disabled one and a wrong password cost the same work and get the same answer. */
export function logIn(
  accounts: Accounts,
  sessions: Sessions,
  devices: Devices,
  rules: PasswordRules,
  hasher: PasswordHasher,
  throttle: Throttle,
  limits: Limits,
  tokens: AccessTokens,
  logger: Logger,
): Handler<typeof AuthApi, 'logIn'> {
  return async ({ email, password, address, deviceToken, newPassword }, { signal }) => {
    const network = networkOf(address);
    const requester = { network, account: email, signal };
    const found = await accounts.findForLogIn(email, deviceToken);
    const account = found?.account;
    const { own, shared, successes } = limits.logIn(email, network, found?.knowsDevice ? deviceToken : undefined);
    const counted = [own, shared, ...successes];
    const isRight = await attempt(throttle, counted, logger, () =>
      hasher.verify(password, account?.passwordHash, requester),
    );

    const refuse = async (reason: string): Promise<never> => {
      await throttle.giveBack(successes);
      logger.warn('A login failed.', { reason, userId: account?.id });
      throw AuthErrors.wrongCredentials();
    };
    if (!account) return refuse('unknown account');
    if (!isRight) return refuse('wrong password');
    if (account.disabledAt) return refuse('disabled account');

    await Promise.all([throttle.clear(own), throttle.giveBack([shared])]);

    let { passwordHash } = account;
    if (account.oneTimePassword && newPassword === undefined) {
      await throttle.giveBack(successes);
      throw AuthErrors.passwordChangeRequired();
    }
    if (newPassword !== undefined) {
      requireGoodPassword(rules, newPassword, { ...account, password }, '/newPassword');
      const from = passwordHash;
      passwordHash = await hasher.hash(newPassword, requester);
      if (!(await accounts.changePassword(account.id, { from, to: passwordHash, keep: null })))
        return refuse('changed meanwhile');
      logger.info('A password was changed; all sessions have ended.', { userId: account.id });
    } else if (hasher.isOutdated(passwordHash)) {
      const stronger = await hasher.hash(password, requester);
      await accounts.rehash(account.id, passwordHash, stronger);
      passwordHash = stronger;
    }
    const session = { id: uuid(), accountId: account.id, roles: account.roles };
    const opened = await sessions.open(session, passwordHash);
    if (!opened) return refuse('changed meanwhile');
    logger.info('Somebody logged in.', { userId: account.id, sessionId: session.id });
    const known = await devices.remember(session, deviceToken);
    return { ...(await tokens.issue(session)), ...opened, ...(known && { deviceToken: known }), tokenType: 'Bearer' };
  };
}
