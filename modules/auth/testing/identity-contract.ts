/** What the ports for accounts and sessions promise, whatever is behind them. */
import { v7 as uuid } from 'uuid';
import { beforeEach, describe, expect, it } from 'vitest';
import { userRegistered } from '../contract.ts';
import type { Account } from '../domain/account.ts';
import type { Accounts } from '../domain/accounts.ts';
import { deviceIdle, type Devices, devicesPerAccount } from '../domain/devices.ts';
import type { SessionEndings } from '../domain/session-endings.ts';
import type { SessionLifetimes } from '../domain/session-lifetimes.ts';
import type { Sessions } from '../domain/sessions.ts';
import { anAccount, day, hour, minute, noon, SteppedClock } from './accounts.ts';

export interface IdentityPorts {
  accounts: Accounts;
  sessions: Sessions;
  devices: Devices;
  endings: SessionEndings;
  /** The names of the events that were announced. */
  announced(): string[];
}

const lifetimes: SessionLifetimes = { access: 15 * minute, idle: 10 * day, absolute: 25 * day };

export function identityContract(make: (clock: SteppedClock, lifetimes: SessionLifetimes) => IdentityPorts): void {
  let clock: SteppedClock;
  let accounts: Accounts;
  let sessions: Sessions;
  let devices: Devices;
  let announced: () => string[];
  let ended: string[];
  beforeEach(() => {
    clock = new SteppedClock();
    const ports = make(clock, lifetimes);
    ({ accounts, sessions, devices, announced } = ports);
    ended = [];
    ports.endings.onEnded((id) => ended.push(id));
  });

  const add = async (fields: Partial<Account> = {}) => {
    const account = anAccount(fields);
    const { id: userId, email, name } = account;
    const payload = { userId, email, name, registeredAt: noon.toISOString() };
    const added = await accounts.add(account, (outbox) => outbox.add(userRegistered, payload));
    return { account, added };
  };
  const open = async ({ id: accountId, passwordHash, roles }: Account) => {
    const session = { id: uuid(), accountId, roles };
    const opened = await sessions.open(session, passwordHash);
    return { ...session, refreshToken: opened?.refreshToken ?? '' };
  };

  describe('accounts', () => {
    it('are found as they were added', async () => {
      const { account, added } = await add({ roles: ['admin', 'customer'] });
      expect(added).toBe(true);
      expect(await accounts.find(account.id)).toEqual(account);
      expect(await accounts.findForLogIn(account.email, undefined)).toEqual({ account, knowsDevice: false });
      expect(await accounts.find(uuid())).toBeUndefined();
      expect(await accounts.findForLogIn('nobody@example.com', 'a token')).toBeUndefined();
      expect(announced()).toEqual(['auth.user-registered']);
    });

    it('are one for each e-mail address, also when many are added at the same time', async () => {
      const email = `${uuid()}@example.com`;
      const added = await Promise.all(Array.from({ length: 6 }, () => add({ email })));
      expect(added.filter(({ added }) => added)).toHaveLength(1);
      expect(announced()).toHaveLength(1);
    });

    it('are not added when the announcement fails', async () => {
      const account = anAccount();
      const fail = () => {
        throw new Error('the outbox refuses');
      };
      await expect(accounts.add(account, fail)).rejects.toThrow('the outbox refuses');
      expect(await accounts.find(account.id)).toBeUndefined();
    });

    it('know whether an administrator is among them who can log in', async () => {
      await add();
      expect(await accounts.hasAdministrator()).toBe(false);
      const { account } = await add({ roles: ['admin'] });
      expect(await accounts.hasAdministrator()).toBe(true);
      await accounts.erase(account.id);
      expect(await accounts.hasAdministrator()).toBe(false);
    });

    it('keep their last administrator, who is neither disabled nor leaves', async () => {
      const [{ account: one }, { account: other }] = [await add({ roles: ['admin'] }), await add({ roles: ['customer', 'admin'] })];
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
      for (const { id } of [one, other]) await accounts.erase(id);
    });

    it('S38 keep one administrator of several who go at the same time', async () => {
      for (let times = 0; times < 8; times++) {
        const several = await Promise.all(Array.from({ length: 4 }, () => add({ roles: ['admin'] })));
        const going = several.map(({ account: { id } }, index) => (index % 2 ? accounts.leave(id, noon) : accounts.disable(id, noon)));
        const stayed = (await Promise.all(going)).filter((outcome) => outcome === false || outcome === 'last administrator');
        expect(stayed).toHaveLength(1);
        for (const { account } of several) await accounts.erase(account.id);
      }
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
      expect(await Promise.all([kept, lost, stranger].map(({ id }) => sessions.isLive(id)))).toEqual([true, false, true]);
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
      expect(await accounts.erase(account.id)).toEqual(account);
      expect(ended).toEqual([session.id]);
      expect(await sessions.isLive(session.id)).toBe(false);
      expect(await accounts.find(account.id)).toBeUndefined();
      expect(await accounts.erase(account.id)).toBeUndefined();
      expect((await add({ email: account.email })).added).toBe(true);
    });

    it('S38 do not gain a session by a login that runs at the same time as what ends them', async () => {
      const taken = await Promise.all(Array.from({ length: 8 }, () => add()));
      for (const { account } of taken) {
        const change = { from: account.passwordHash, to: '$argon2id$new', keep: uuid() };
        await Promise.all([open(account), accounts.changePassword(account.id, change), open(account)]);
        expect(await sessions.list(account.id)).toEqual([]);
        const renewed = { ...account, passwordHash: change.to };
        await Promise.all([open(renewed), accounts.disable(account.id, noon), open(renewed)]);
        expect(await sessions.list(account.id)).toEqual([]);
      }
    });

    it('S38 tell of every session that ended with them, also of one that started at the same time', async () => {
      for (let times = 0; times < 15; times++) {
        const { account } = await add();
        const opening = [open(account), open(account), open(account)];
        await Promise.all([...opening, accounts.erase(account.id)]);
        const started = (await Promise.all(opening)).filter(({ refreshToken }) => refreshToken !== '');
        expect(ended).toEqual(expect.arrayContaining(started.map(({ id }) => id)));
      }
    });
  });

  describe('sessions', () => {
    it('live from the login until they are ended', async () => {
      const { account } = await add();
      const session = await open(account);
      expect(await sessions.isLive(session.id)).toBe(true);
      expect(await sessions.isLive(uuid())).toBe(false);
      expect(await sessions.end(session.refreshToken)).toEqual({ sessionId: session.id, accountId: account.id });
      expect(await sessions.isLive(session.id)).toBe(false);
      expect(ended).toEqual([session.id]);
      expect(await sessions.end(session.refreshToken)).toBeUndefined();
      expect((await sessions.rotate(session.refreshToken)).outcome).toBe('unknown');
    });

    it('S28 are what is claimed of them: of that account, with roles that it has today', async () => {
      const [{ account }, { account: other }] = [await add({ roles: ['customer', 'admin'] }), await add()];
      const { id } = await open(account);
      const claim = (userId: string, ...roles: string[]) => sessions.isLive(id, { userId, roles });
      expect(await claim(account.id, 'admin', 'customer')).toBe(true);
      expect(await claim(account.id, 'customer')).toBe(true);
      expect(await claim(other.id, 'customer')).toBe(false);
      expect(await claim(account.id, 'admin', 'root')).toBe(false);
    });

    it('can be ended with a refresh token that was used already', async () => {
      const { account } = await add();
      const session = await open(account);
      await sessions.rotate(session.refreshToken);
      expect(await sessions.end(session.refreshToken)).toMatchObject({ sessionId: session.id });
    });

    it('go on with a new refresh token and the roles of today', async () => {
      const { account } = await add({ roles: ['admin'] });
      const session = await open({ ...account, roles: [] });
      const rotation = await sessions.rotate(session.refreshToken);
      expect(rotation).toMatchObject({ outcome: 'rotated', session: { id: session.id, accountId: account.id, roles: ['admin'] } });
      if (rotation.outcome !== 'rotated') return;
      expect(rotation.refreshToken).not.toBe(session.refreshToken);
      expect((await sessions.rotate(rotation.refreshToken)).outcome).toBe('rotated');
    });

    it('S13 end when any refresh token of theirs comes a second time', async () => {
      const { account } = await add();
      const [session, other] = [await open(account), await open(account)];
      let { refreshToken } = session;
      for (let times = 0; times < 3; times++) {
        const rotation = await sessions.rotate(refreshToken);
        if (rotation.outcome === 'rotated') ({ refreshToken } = rotation);
      }
      expect(await sessions.rotate(session.refreshToken)).toEqual({
        outcome: 'reused',
        sessionId: session.id,
        accountId: account.id,
      });
      expect(ended).toEqual([session.id]);
      expect((await sessions.rotate(refreshToken)).outcome, 'the newest one too').toBe('unknown');
      expect(await sessions.isLive(session.id)).toBe(false);
      expect(await sessions.isLive(other.id), 'another login of the same account').toBe(true);
    });

    it('S13 let exactly one of many refreshes at the same time win', async () => {
      const { account } = await add();
      const { refreshToken } = await open(account);
      const rotations = await Promise.all(Array.from({ length: 8 }, () => sessions.rotate(refreshToken)));
      const count = (outcome: string) => rotations.filter((rotation) => rotation.outcome === outcome).length;
      expect([count('rotated'), count('reused')], 'the second comer ends it').toEqual([1, 1]);
      expect(await sessions.list(account.id)).toEqual([]);
    });

    it('S15 end when they are not used for long', async () => {
      const { account } = await add();
      const session = await open(account);
      clock.advance(lifetimes.idle - 1);
      expect(await sessions.isLive(session.id)).toBe(true);
      clock.advance(1);
      expect(await sessions.isLive(session.id)).toBe(false);
      expect((await sessions.rotate(session.refreshToken)).outcome).toBe('unknown');
    });

    it('S15 end absolutely, however often they are refreshed', async () => {
      const { account } = await add();
      const session = await open(account);
      let { refreshToken } = session;
      for (let days = 0; days < 24; days += 6) {
        clock.advance(6 * day);
        const rotation = await sessions.rotate(refreshToken);
        if (rotation.outcome === 'rotated') ({ refreshToken } = rotation);
      }
      expect(await sessions.isLive(session.id)).toBe(true);
      clock.advance(day);
      expect(await sessions.isLive(session.id)).toBe(false);
      expect((await sessions.rotate(refreshToken)).outcome).toBe('unknown');
    });

    it('are listed while they live, the oldest first', async () => {
      const { account } = await add();
      const first = await open(account);
      clock.advance(hour);
      await open(account);
      clock.advance(hour);
      await sessions.rotate(first.refreshToken);
      const at = (hours: number) => new Date(noon.getTime() + hours * hour);
      expect(await sessions.list(account.id)).toEqual([
        { startedAt: at(0), lastUsedAt: at(2) },
        { startedAt: at(1), lastUsedAt: at(1) },
      ]);
    });

    it('are pruned when they have expired, and only then', async () => {
      const { account } = await add();
      const old = await open(account);
      clock.advance(lifetimes.idle);
      const young = await open(account);
      await sessions.prune();
      clock.advance(-1);
      expect(await sessions.isLive(old.id), 'it would still live if it were there').toBe(false);
      expect(await sessions.isLive(young.id)).toBe(true);
    });
  });

  describe('devices', () => {
    const isKnown = async ({ email }: Account, token = '') => (await accounts.findForLogIn(email, token))?.knowsDevice;
    const remember = async (account: Account, token?: string) => devices.remember(await open(account), token);

    it('are known to the account that was logged in to, and to no other', async () => {
      const [{ account }, { account: other }] = [await add(), await add()];
      const token = await remember(account);
      expect([await isKnown(account, token), await isKnown(account, 'another'), await isKnown(other, token)]).toEqual([true, false, false]);
      const { id, refreshToken } = await open(account);
      await sessions.end(refreshToken);
      expect(await isKnown(account, token), 'after logging out').toBe(true);
      expect(await devices.remember({ id, accountId: account.id, roles: [] }, undefined), 'the session has ended').toBeUndefined();
    });

    it('keep their token, but take none from elsewhere', async () => {
      const [{ account }, { account: other }] = [await add(), await add()];
      const token = await remember(account);
      expect(await remember(account, token)).toBe(token);
      const made = [await remember(account), await remember(account, 'made up by somebody'), await remember(other, token)];
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
      expect(await Promise.all([first, third, fourth].map((token) => isKnown(account, token)))).toEqual([true, true, true]);
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
      await accounts.erase(account.id);
      await add({ id: account.id, email: account.email });
      expect(await isKnown(account, third)).toBe(false);
    });
  });
}
