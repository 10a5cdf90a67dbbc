/** The suite that every port for accounts must pass. */
import { v7 as uuid } from 'uuid';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Transaction } from '#platform/transaction.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Sessions } from '../domain/sessions.ts';
import { anAccount, noon } from './accounts.ts';
import { identityUnderTest, type MakeIdentity } from './identity-under-test.ts';

export function accountsSuite(make: MakeIdentity): void {
  const identity = identityUnderTest(make);
  const { add, open } = identity;
  let accounts: Accounts;
  let sessions: Sessions;
  let transaction: Transaction;
  let ended: string[];
  beforeEach(() => {
    ({ accounts, sessions, transaction, ended } = identity.start());
  });

  describe('accounts', () => {
    it('are found as they were added', async () => {
      const { account, added } = await add({ roles: ['admin', 'customer'] });
      expect(added).toBe(true);
      expect(await accounts.find(account.id)).toEqual(account);
      expect(await accounts.findForLogIn(account.email, undefined)).toEqual({
        account,
        knowsDevice: false,
        hasFactor: false,
      });
      expect(await accounts.find(uuid())).toBeUndefined();
      expect(await accounts.findForLogIn('nobody@example.com', 'a token')).toBeUndefined();
    });

    it('are one for each e-mail address, also when many are added at the same time', async () => {
      const email = `${uuid()}@example.com`;
      const added = await Promise.all(Array.from({ length: 6 }, () => add({ email })));
      expect(added.filter(({ added }) => added)).toHaveLength(1);
    });

    it('are not added when what goes with it fails', async () => {
      const account = anAccount();
      const failing = transaction(async () => {
        await accounts.add(account);
        throw new Error('The outbox refuses.');
      });
      await expect(failing).rejects.toThrow('The outbox refuses.');
      expect(await accounts.find(account.id)).toBeUndefined();
      expect(await accounts.add(account)).toBe(true);
    });

    it('know whether an administrator is among them who can log in', async () => {
      await add();
      expect(await accounts.hasAdministrator()).toBe(false);
      const { account } = await add({ roles: ['admin'] });
      expect(await accounts.hasAdministrator()).toBe(true);
      await accounts.forget(account.id);
      expect(await accounts.hasAdministrator()).toBe(false);
    });

    it('keep their last administrator, who is neither disabled nor leaves', async () => {
      const [{ account: one }, { account: other }] = [
        await add({ roles: ['admin'] }),
        await add({ roles: ['customer', 'admin'] }),
      ];
      await add();
      expect(await accounts.disable(one.id, noon)).toBe('disabled');
      expect(await accounts.disable(other.id, noon)).toBe('last administrator');
      expect(await accounts.leave(other.id, noon)).toBe(false);
      expect((await accounts.find(other.id))?.disabledAt).toBeNull();
      expect((await open(other)).refreshToken).not.toBe('');
      await accounts.enable(one.id);
      expect(await accounts.leave(other.id, noon)).toBe(true);
      expect(await accounts.leave(other.id, noon), 'once more').toBe(true);
      expect(await accounts.disable(one.id, noon)).toBe('last administrator');
      for (const { id } of [one, other]) await accounts.forget(id);
    });

    it('S38 keep one administrator of several who go at the same time', async () => {
      for (let times = 0; times < 8; times++) {
        const several = await Promise.all(Array.from({ length: 4 }, () => add({ roles: ['admin'] })));
        const going = several.map(({ account: { id } }, index) =>
          index % 2 ? accounts.leave(id, noon) : accounts.disable(id, noon),
        );
        const stayed = (await Promise.all(going)).filter(
          (outcome) => outcome === false || outcome === 'last administrator',
        );
        expect(stayed).toHaveLength(1);
        for (const { account } of several) await accounts.forget(account.id);
      }
    });

    it('are verified once, at the address that was proven', async () => {
      const { account } = await add();
      const at = new Date(noon.getTime() + 1_000);
      expect(await accounts.verifyEmail(account.id, 'another@example.com', at)).toBe(false);
      expect((await accounts.find(account.id))?.emailVerifiedAt).toBeNull();
      expect(await accounts.verifyEmail(account.id, account.email, at)).toBe(true);
      expect(await accounts.verifyEmail(account.id, account.email, new Date(0))).toBe(false);
      expect((await accounts.find(account.id))?.emailVerifiedAt).toEqual(at);
    });

    it('change their address to one that nobody has', async () => {
      const [{ account }, { account: other }] = [await add(), await add()];
      const email = `new.${account.email}`;
      expect(await accounts.changeEmail(account.id, other.email, noon)).toBe(false);
      expect(await accounts.changeEmail(account.id, email, noon)).toBe(true);
      expect(await accounts.findByEmail(email)).toEqual({ ...account, email, emailVerifiedAt: noon });
      expect(await accounts.findByEmail(account.email)).toBeUndefined();
    });

    it('take a stronger hash of the same password, but not over a new password', async () => {
      const { account } = await add();
      await accounts.rehash(account.id, account.passwordHash, '$argon2id$stronger');
      await accounts.rehash(account.id, account.passwordHash, '$argon2id$too late');
      expect(await accounts.find(account.id)).toEqual({ ...account, passwordHash: '$argon2id$stronger' });
    });

    it('S27 lose all sessions but one with their password', async () => {
      const [{ account }, { account: other }] = [await add(), await add()];
      const [kept, lost, stranger] = [await open(account), await open(account), await open(other)];
      const change = { from: account.passwordHash, to: '$argon2id$new', keep: kept.id };
      expect(await accounts.changePassword(account.id, change)).toBe(true);
      expect(await Promise.all([kept, lost, stranger].map(({ id }) => sessions.isLive(id)))).toEqual([
        true,
        false,
        true,
      ]);
      expect(ended).toEqual([lost.id]);
      expect(await accounts.changePassword(account.id, change), 'it is not the password any more').toBe(false);
      expect((await open(account)).refreshToken, 'a login with the old password that was under way').toBe('');
    });

    it('S28 have no sessions and get none while they are disabled', async () => {
      const { account } = await add();
      const session = await open(account);
      expect(await accounts.disable(account.id, noon)).toBe('disabled');
      expect(await sessions.isLive(session.id)).toBe(false);
      expect(ended).toEqual([session.id]);
      expect((await sessions.rotate(session.refreshToken)).outcome).toBe('unknown');
      expect((await open(account)).refreshToken).toBe('');
      expect((await accounts.find(account.id))?.disabledAt).toEqual(noon);

      expect(await accounts.enable(account.id)).toBe(true);
      expect((await open(account)).refreshToken).not.toBe('');
      expect(await accounts.disable(uuid(), noon)).toBe('unknown');
      expect(await accounts.enable(uuid())).toBe(false);
    });

    it('S28 leave nothing when they are erased, and free their e-mail address', async () => {
      const { account } = await add();
      const session = await open(account);
      await sessions.rotate(session.refreshToken);
      expect(await accounts.forget(account.id)).toEqual(account);
      expect(ended).toEqual([session.id]);
      expect(await sessions.isLive(session.id)).toBe(false);
      expect(await accounts.find(account.id)).toBeUndefined();
      expect(await accounts.forget(account.id)).toBeUndefined();
      expect((await add({ email: account.email })).added).toBe(true);
    });

    it('S38 do not gain a session by a login that runs at the same time as what ends them', async () => {
      const taken = await Promise.all(Array.from({ length: 8 }, () => add()));
      for (const { account } of taken) {
        const change = { from: account.passwordHash, to: '$argon2id$new', keep: uuid() };
        await Promise.all([open(account), accounts.changePassword(account.id, change), open(account)]);
        expect(await sessions.list(account.id, { limit: 10 })).toEqual([]);
        const renewed = { ...account, passwordHash: change.to };
        await Promise.all([open(renewed), accounts.disable(account.id, noon), open(renewed)]);
        expect(await sessions.list(account.id, { limit: 10 })).toEqual([]);
      }
    });

    it('S38 tell of every session that ended with them, also of one that started at the same time', async () => {
      for (let times = 0; times < 15; times++) {
        const { account } = await add();
        const opening = [open(account), open(account), open(account)];
        await Promise.all([...opening, accounts.forget(account.id)]);
        const started = (await Promise.all(opening)).filter(({ refreshToken }) => refreshToken !== '');
        expect(ended).toEqual(expect.arrayContaining(started.map(({ id }) => id)));
      }
    });
  });
}
