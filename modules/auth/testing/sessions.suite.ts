/** The suite that every port for sessions must pass. */
import { v7 as uuid } from 'uuid';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Sessions } from '../domain/sessions.ts';
import { day, hour, minute, noon, type SteppedClock } from './accounts.ts';
import { identityUnderTest, type MakeIdentity, shortLifetimes as lifetimes } from './identity-under-test.ts';

export function sessionsSuite(make: MakeIdentity): void {
  const identity = identityUnderTest(make);
  const { add, open } = identity;
  let clock: SteppedClock;
  let sessions: Sessions;
  let ended: string[];
  beforeEach(() => {
    ({ clock, sessions, ended } = identity.start());
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
      expect(rotation).toMatchObject({
        outcome: 'rotated',
        session: { id: session.id, accountId: account.id, roles: ['admin'] },
      });
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

    describe('of which a refresh token comes again', () => {
      const refreshed = async (refreshToken: string) => {
        const rotation = await sessions.rotate(refreshToken);
        return rotation.outcome === 'rotated' ? rotation.refreshToken : rotation.outcome;
      };
      const loggedIn = async () => open((await add()).account);

      it('S13 give many refreshes at the same time the same successor, which works', async () => {
        const { id, refreshToken } = await loggedIn();
        const successors = await Promise.all(Array.from({ length: 8 }, () => refreshed(refreshToken)));
        expect(new Set(successors).size).toBe(1);
        expect(await refreshed(successors[0]!)).toHaveLength(refreshToken.length);
        expect(await sessions.isLive(id)).toBe(true);
      });

      it('S13 give the same successor to who lost the answer, until the grace is over', async () => {
        const { id, accountId, refreshToken } = await loggedIn();
        const successor = await refreshed(refreshToken);
        for (let times = 0; times < 2; times++) {
          clock.advance(lifetimes.grace / 2 - 1);
          expect(await sessions.rotate(refreshToken)).toMatchObject({
            outcome: 'rotated',
            session: { id, accountId },
            refreshToken: successor,
          });
        }
        clock.advance(2);
        expect(await refreshed(refreshToken), 'repeating it does not prolong it').toBe('reused');
        expect(ended).toEqual([id]);
        expect(await refreshed(successor)).toBe('unknown');
      });

      it('S13 end within the grace too when the successor was used', async () => {
        const { id, refreshToken } = await loggedIn();
        const successor = await refreshed(refreshToken);
        const next = await refreshed(successor);
        expect(await refreshed(successor), 'that one has its own grace').toBe(next);
        expect(await refreshed(refreshToken)).toBe('reused');
        expect(await sessions.isLive(id)).toBe(false);
        expect(await refreshed(next)).toBe('unknown');
      });

      it('S13 do not fork when a token and its successor are used at the same time', async () => {
        for (let round = 0; round < 10; round++) {
          const { id, refreshToken } = await loggedIn();
          const successor = await refreshed(refreshToken);
          const outcomes = await Promise.all([refreshed(successor), refreshed(refreshToken), refreshed(successor)]);
          const handedOut = new Set(outcomes.filter((outcome) => outcome.length > 10 && outcome !== successor));
          expect(handedOut.size).toBeLessThanOrEqual(1);
          expect(await refreshed(refreshToken), 'once the successor was used').toMatch(/^(reused|unknown)$/);
          expect(await sessions.isLive(id)).toBe(false);
        }
      });

      it('S13 know every token they ever used', async () => {
        const { id, refreshToken } = await loggedIn();
        let newest = refreshToken;
        for (let times = 0; times < 60; times++) newest = await refreshed(newest);
        expect(await sessions.isLive(id)).toBe(true);
        expect(await refreshed(refreshToken)).toBe('reused');
      });

      it('do not end for a token that somebody made up', async () => {
        const { id, refreshToken } = await loggedIn();
        for (const forged of [`${refreshToken}x`.slice(1), refreshToken.slice(-30), id, '.', `${id}.${id}`]) {
          expect(await refreshed(forged)).toBe('unknown');
        }
        expect(await sessions.isLive(id)).toBe(true);
      });
    });

    it('S13 end strictly at the second use where there is no grace', async () => {
      ({ sessions } = identity.start({ ...lifetimes, grace: 0 }));
      const { account } = await add();
      const { refreshToken } = await open(account);
      const rotations = await Promise.all(Array.from({ length: 8 }, () => sessions.rotate(refreshToken)));
      const count = (outcome: string) => rotations.filter((rotation) => rotation.outcome === outcome).length;
      expect([count('rotated'), count('reused')], 'the second comer ends it').toEqual([1, 1]);
      expect(await sessions.list(account.id, { limit: 10 })).toEqual([]);
    });

    it('are bounded: the one that was not used for the longest time ends, and no other account notices', async () => {
      const [{ account }, { account: other }] = [await add(), await add()];
      const stranger = await open(other);
      const [first, second] = [await open(account), await open(account)];
      clock.advance(minute);
      await sessions.rotate(first.refreshToken);
      for (let more = 2; more < lifetimes.perAccount; more++) await open(account);
      expect(ended).toEqual([]);
      await open(account);
      expect(ended).toEqual([second.id]);
      expect([await sessions.isLive(first.id), await sessions.isLive(stranger.id)]).toEqual([true, true]);
      await Promise.all(Array.from({ length: 12 }, () => open(account)));
      expect(await sessions.list(account.id, { limit: 10 })).toHaveLength(lifetimes.perAccount);
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

    it('are listed by pages while they live, the oldest first', async () => {
      const { account } = await add();
      const first = await open(account);
      clock.advance(hour);
      const second = await open(account);
      clock.advance(hour);
      await sessions.rotate(first.refreshToken);
      const at = (hours: number) => new Date(noon.getTime() + hours * hour);
      const unknown = { network: null, userAgent: null, application: null };
      expect(await sessions.list(account.id, { limit: 10 })).toEqual([
        { ...unknown, id: first.id, startedAt: at(0), lastUsedAt: at(2), authenticatedAt: at(0) },
        { ...unknown, id: second.id, startedAt: at(1), lastUsedAt: at(1), authenticatedAt: at(1) },
      ]);
      expect(await sessions.list(account.id, { limit: 1 })).toMatchObject([{ id: first.id }]);
      expect(await sessions.list(account.id, { after: first.id, limit: 10 })).toMatchObject([{ id: second.id }]);
    });

    it('show where they were last used from', async () => {
      const { account } = await add();
      const { refreshToken } = await open(account, { network: '192.0.2.1', userAgent: 'Lynx' });
      const shown = async () => (await sessions.list(account.id, { limit: 1 }))[0];
      expect(await shown()).toMatchObject({ network: '192.0.2.1', userAgent: 'Lynx' });
      const rotation = await sessions.rotate(refreshToken, { network: '2001:db8:0:1::/64', userAgent: null });
      expect(await shown()).toMatchObject({ network: '2001:db8:0:1::/64', userAgent: 'Lynx' });
      await sessions.rotate(rotation.outcome === 'rotated' ? rotation.refreshToken : '');
      expect(await shown()).toMatchObject({ network: '2001:db8:0:1::/64', userAgent: 'Lynx' });
    });

    it('know when and how their person proved who they are, which a refresh does not change and a proof does', async () => {
      const { account } = await add({ roles: ['customer', 'support'] });
      const { id, refreshToken } = await open(account, { amr: ['pwd'] });
      clock.advance(hour);
      const rotation = await sessions.rotate(refreshToken);
      expect(rotation).toMatchObject({ session: { authenticatedAt: noon, amr: ['pwd'] } });
      expect(await sessions.rotate(refreshToken), 'again, within the grace').toEqual(rotation);
      expect(await sessions.authenticatedAt(id, account.id)).toEqual(noon);

      const now = clock.now();
      const confirmed = {
        id,
        accountId: account.id,
        roles: account.roles,
        emailVerified: false,
        authenticatedAt: now,
        amr: ['otp', 'pwd'],
      };
      expect(await sessions.confirm(id, account.id, ['otp'])).toEqual(confirmed);
      expect(await sessions.confirm(id, account.id, ['pwd'])).toEqual(confirmed);
      expect(await sessions.authenticatedAt(id, account.id)).toEqual(now);
      const next = await sessions.rotate(rotation.outcome === 'rotated' ? rotation.refreshToken : '');
      expect(next).toMatchObject({ session: confirmed });
    });

    it('S29 are confirmed and ended by their own account only, while they live', async () => {
      const [{ account }, { account: other }] = [await add(), await add()];
      const { id } = await open(account);
      for (const [session, person] of [
        [id, other.id],
        [uuid(), account.id],
      ] as const) {
        expect(await sessions.confirm(session, person, ['pwd'])).toBeUndefined();
        expect(await sessions.authenticatedAt(session, person)).toBeUndefined();
        expect(await sessions.endById(session, person)).toBe(false);
      }
      expect(await sessions.isLive(id)).toBe(true);
      clock.advance(lifetimes.idle);
      expect(await sessions.confirm(id, account.id, ['pwd'])).toBeUndefined();
    });

    it('end one by one, or all others at once, which is told', async () => {
      const [{ account }, { account: other }] = [await add(), await add()];
      const [first, second, third] = [await open(account), await open(account), await open(account)];
      const stranger = await open(other);
      expect(await sessions.endById(first.id, account.id)).toBe(true);
      expect(await sessions.endById(first.id, account.id), 'a second time').toBe(false);
      expect(ended).toEqual([first.id]);
      await sessions.endOthers(second.id, account.id);
      expect(ended).toEqual([first.id, third.id]);
      expect([await sessions.isLive(second.id), await sessions.isLive(stranger.id)]).toEqual([true, true]);
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
}
