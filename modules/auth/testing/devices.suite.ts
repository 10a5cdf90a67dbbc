/** The suite that every port for devices must pass. */
import { v7 as uuid } from 'uuid';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Account } from '../domain/account.ts';
import type { Accounts } from '../domain/accounts.ts';
import { deviceIdle, type Devices, devicesPerAccount } from '../domain/devices.ts';
import type { Sessions } from '../domain/sessions.ts';
import { aSession, minute, type SteppedClock } from './accounts.ts';
import { identityUnderTest, type MakeIdentity } from './identity-under-test.ts';

export function devicesSuite(make: MakeIdentity): void {
  const identity = identityUnderTest(make);
  const { add, open } = identity;
  let clock: SteppedClock;
  let accounts: Accounts;
  let sessions: Sessions;
  let devices: Devices;
  beforeEach(() => {
    ({ clock, accounts, sessions, devices } = identity.start());
  });

  describe('devices', () => {
    const isKnown = async ({ email }: Account, token = '') => (await accounts.findForLogIn(email, token))?.knowsDevice;
    const remember = async (account: Account, token?: string) => devices.remember(await open(account), token);

    it('tell whether there is more than one', async () => {
      const { account } = await add();
      expect(await devices.isOnly(account.id)).toBe(true);
      await remember(account);
      expect(await devices.isOnly(account.id)).toBe(true);
      await remember(account);
      expect(await devices.isOnly(account.id)).toBe(false);
    });

    it('are known to the account that was logged in to, and to no other', async () => {
      const [{ account }, { account: other }] = [await add(), await add()];
      const token = await remember(account);
      expect([await isKnown(account, token), await isKnown(account, 'another'), await isKnown(other, token)]).toEqual([
        true,
        false,
        false,
      ]);
      const { id, refreshToken } = await open(account);
      await sessions.end(refreshToken);
      expect(await isKnown(account, token), 'after logging out').toBe(true);
      expect(await devices.remember({ ...aSession(account), id }, undefined), 'the session has ended').toBeUndefined();
    });

    it('keep their token, but take none from elsewhere', async () => {
      const [{ account }, { account: other }] = [await add(), await add()];
      const token = await remember(account);
      expect(await remember(account, token)).toBe(token);
      const made = [
        await remember(account),
        await remember(account, 'made up by somebody'),
        await remember(other, token),
      ];
      expect(new Set([token, ...made]).size).toBe(4);
      expect(made).not.toContain('made up by somebody');
      expect(await isKnown(account, token)).toBe(true);
    });

    it('are bounded: the one that was not used for the longest time is forgotten', async () => {
      const { account } = await add();
      const [first, second] = [await remember(account), await remember(account)];
      clock.advance(minute);
      for (let more = 2; more < devicesPerAccount; more++) await remember(account);
      clock.advance(minute);
      await remember(account, first);
      const [third, fourth] = await Promise.all([remember(account), remember(account)]);
      expect(await Promise.all([first, third, fourth].map((token) => isKnown(account, token)))).toEqual([
        true,
        true,
        true,
      ]);
      expect(await isKnown(account, second)).toBe(false);
    });

    it('S27 are forgotten with the password, when they are not used for long, and with the account', async () => {
      const { account } = await add();
      const first = await remember(account);
      clock.advance(deviceIdle);
      await devices.prune();
      expect(await isKnown(account, first)).toBe(false);
      const second = await remember(account);
      const change = { from: account.passwordHash, to: '$argon2id$new', keep: uuid() };
      await accounts.changePassword(account.id, change);
      expect(await isKnown(account, second)).toBe(false);
      const third = await remember({ ...account, passwordHash: change.to });
      await devices.prune();
      expect(await isKnown(account, third)).toBe(true);
      await accounts.forget(account.id);
      await add({ id: account.id, email: account.email });
      expect(await isKnown(account, third)).toBe(false);
    });
  });
}
