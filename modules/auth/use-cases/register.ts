// ADR 0020
import { setTimeout as pause } from 'node:timers/promises';
import { v7 as uuid } from 'uuid';
import type { Clock } from '#platform/clock.ts';
import type { Handler } from '#platform/contract.ts';
import { networkOf } from '#platform/network.ts';
import type { Logger } from '#platform/logger.ts';
import type { Mail } from '#platform/mail.ts';
import type { Outbox } from '#platform/outbox.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { AuthApi } from '../contract.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { AdministratorSettings } from '../domain/administrator.ts';
import type { Limits } from '../domain/limits.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import type { PasswordRules } from '../domain/password-rules.ts';
import type { Throttle } from '../domain/throttle.ts';
import { verifyAddress } from '../mails/verify-address.ts';
import { openAccount } from './open-account.ts';
import { requireGoodPassword } from './require-good-password.ts';
import { requireNoDelay } from './require-no-delay.ts';

/** Milliseconds that storing takes for everybody: what a new account needs more than a taken address is well within. */
const storingTime = 50;

/**
 * An address that has an account gets the answer of one that has none, after the same work and time; the account stays as
 * it is, and its owner is told by mail. So does the address of the configured administrator, whether there is one or not. Every registration counts towards what its network may do, so that trying addresses out costs time. It is
 * counted after its hash and before it has an effect: the row it locks is shared by the whole network, and hashing
 * takes long.
 */
export function register(
  transaction: Transaction,
  accounts: Accounts,
  outbox: Outbox,
  mails: Mail,
  administrator: AdministratorSettings,
  rules: PasswordRules,
  hasher: PasswordHasher,
  throttle: Throttle,
  limits: Limits,
  clock: Clock,
  logger: Logger,
): Handler<typeof AuthApi, 'register'> {
  const open = openAccount(transaction, accounts, outbox);
  return async ({ email, password, name, address }, { signal }) => {
    const network = networkOf(address);
    const limit = limits.registration(network);
    requireGoodPassword(rules, password, { email, name }, '/password');
    requireNoDelay(await throttle.delay([limit]), logger);

    const passwordHash = await hasher.hash(password, { network, account: email, signal });
    requireNoDelay(await throttle.reserve([limit]), logger);
    const [userId, registeredAt] = [uuid(), clock.now()];
    const mayMail = (await throttle.reserve([limits.mailsTo(email)])) === 0;
    const store = () =>
      transaction(async () => {
        if (mayMail) mails.add(verifyAddress, userId, { accountId: userId, email });
        if (email === administrator.email) return false;
        return open({
          id: userId,
          email,
          name,
          passwordHash,
          roles: ['customer'],
          registeredAt,
          disabledAt: null,
          oneTimePassword: false,
          emailVerifiedAt: null,
          mustVerifyEmail: true,
        });
      });
    const [added] = await Promise.all([store(), pause(storingTime)]);
    if (added) logger.info('Somebody registered.', { userId });
    else logger.info('Somebody tried to register an address that has an account.');
    return { userId };
  };
}
