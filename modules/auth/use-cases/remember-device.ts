import type { Clock } from '#platform/clock.ts';
import type { Mail } from '#platform/mail.ts';
import type { Transaction } from '#platform/transaction.ts';
import type { Account } from '../domain/account.ts';
import type { Devices } from '../domain/devices.ts';
import type { Limits } from '../domain/limits.ts';
import type { Session } from '../domain/sessions.ts';
import type { Throttle } from '../domain/throttle.ts';
import { tellOwner } from '../mails/notice.ts';

/**
 * Remembers the device of a new session, and tells the owner of one that was not known, but for the account's first. A
 * client that keeps no device token is a new device each time, so there are a few such mails a day at most.
 */
export type RememberDevice = (
  session: Session,
  account: Account,
  token: string | undefined,
) => Promise<string | undefined>;
export const RememberDevice = class RememberDevice {} as unknown as abstract new () => RememberDevice;

export const rememberDevice =
  (
    transaction: Transaction,
    devices: Devices,
    mails: Mail,
    throttle: Throttle,
    limits: Limits,
    clock: Clock,
  ): RememberDevice =>
  async (session, account, token) => {
    const known = await devices.remember(session, token);
    if (known === undefined || known === token) return known;
    if (await devices.isOnly(account.id)) return known;
    if ((await throttle.reserve([limits.newDevice(account.id)])) > 0) return known;
    await transaction(async () => tellOwner(mails, clock, account, 'new-device'));
    return known;
  };
