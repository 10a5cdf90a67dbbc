/** The suite that the ports for applications, consents and what applications hold must pass. */
import { createHash } from 'node:crypto';
import { v7 as uuid } from 'uuid';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Application, Applications } from '../domain/applications.ts';
import type { Authorization, Authorizations } from '../domain/authorizations.ts';
import type { Consents } from '../domain/consents.ts';
import type { SessionLifetimes } from '../domain/session-lifetimes.ts';
import { anAccount, day, hour, noon, SteppedClock } from './accounts.ts';
import { type IdentityPorts, shortLifetimes } from './identity-under-test.ts';

export interface ApplicationPorts extends Pick<IdentityPorts, 'accounts' | 'sessions' | 'endings'> {
  applications: Applications;
  consents: Consents;
  authorizations: Authorizations;
}

export const anApplication = (fields: Partial<Application> = {}): Application => ({
  id: uuid(),
  name: 'Notes for Ada',
  kind: 'confidential',
  redirectUris: ['https://notes.example/done'],
  postLogoutRedirectUris: [],
  backchannelLogoutUri: null,
  scopes: ['orders:read'],
  roles: [],
  logo: null,
  createdAt: noon,
  disabledAt: null,
  ...fields,
});
const aMachine = () => anApplication({ kind: 'machine', redirectUris: [], roles: ['admin'] });
const nowhere = { network: null, userAgent: null };
const anAuthorization = (fields: Partial<Authorization>): Authorization => ({
  id: uuid(),
  accountId: uuid(),
  applicationId: uuid(),
  authenticatedAt: noon,
  amr: ['pwd'],
  ...nowhere,
  ...fields,
});
const sha256 = (text: string) => createHash('sha256').update(text).digest();
const at = (hours: number) => new Date(noon.getTime() + hours * hour);

export function applicationsSuite(make: (clock: SteppedClock, lifetimes: SessionLifetimes) => ApplicationPorts): void {
  let clock: SteppedClock;
  let ports: ApplicationPorts;
  let ended: string[];
  beforeEach(() => {
    clock = new SteppedClock();
    ports = make(clock, shortLifetimes);
    ended = [];
    ports.endings.onEnded((id) => ended.push(id));
  });

  const register = async (application = anApplication()) => {
    await ports.applications.add(application);
    return application;
  };
  const person = async () => {
    const account = anAccount();
    await ports.accounts.add(account);
    return account.id;
  };
  const hold = async (accountId: string, applicationId: string) => {
    const id = uuid();
    expect(await ports.authorizations.open(anAuthorization({ id, accountId, applicationId }))).toBe(true);
    return id;
  };

  describe('applications', () => {
    it('are found and listed as they were registered, the oldest first', async () => {
      const all = [await register(), await register(aMachine())];
      for (const one of all) expect(await ports.applications.find(one.id)).toEqual(one);
      expect(await ports.applications.find(uuid())).toBeUndefined();
      const [first, second] = all.map(({ id }) => id).sort();
      const before = { after: uuid({ msecs: 0 }), limit: 1_000 };
      const ids = (await ports.applications.list(before)).map(({ id }) => id);
      expect(ids.slice(-2)).toEqual([first, second]);
      expect(await ports.applications.list({ after: first, limit: 1 })).toMatchObject([{ id: second }]);
    });

    it('are replaced, and what they hold goes on', async () => {
      const { id } = await register();
      const other = anApplication({ id, name: 'Other', scopes: [], redirectUris: ['https://other.example/done'] });
      expect(await ports.applications.replace(other)).toBe(true);
      expect(await ports.applications.find(id)).toEqual(other);
      expect(await ports.applications.replace(anApplication())).toBe(false);
      expect(ended).toEqual([]);
    });

    it('S28 hold no session any more when they are disabled or removed, and get none', async () => {
      const accountId = await person();
      const disabled = await register();
      const removed = await register();
      const kept = await hold(accountId, (await register()).id);
      const [one, other] = [await hold(accountId, disabled.id), await hold(accountId, removed.id)];
      await ports.applications.replace({ ...disabled, disabledAt: noon });
      expect(await ports.applications.remove(removed.id)).toBe(true);
      expect(ended).toEqual(expect.arrayContaining([one, other]));
      const live = [one, other, kept].map((id) => ports.sessions.isLive(id));
      expect(await Promise.all(live)).toEqual([false, false, true]);
      for (const applicationId of [disabled.id, removed.id])
        expect(await ports.authorizations.open(anAuthorization({ accountId, applicationId }))).toBe(false);
      expect(await ports.applications.remove(removed.id)).toBe(false);
    });

    it('have secrets, of which the earlier ones work for a while', async () => {
      const { id } = await register();
      const hashes = async () => (await ports.applications.secrets(id)).map(({ hash }) => hash.toString('hex'));
      const [first, second, third] = ['1', '2', '3'].map((text) => sha256(id + text));
      expect(await ports.applications.addSecret(id, first!, at(0), at(0))).toBe(true);
      expect(await ports.applications.addSecret(id, second!, at(1), at(3))).toBe(true);
      expect(await hashes()).toEqual([second, first].map((hash) => hash!.toString('hex')));
      expect(await ports.applications.addSecret(id, third!, at(2), at(9))).toBe(true);
      clock.advance(3 * hour);
      expect(await hashes(), 'a later overlap prolongs none').toEqual([third, second].map((h) => h!.toString('hex')));
      await ports.applications.prune();
      clock.advance(-hour);
      expect(await hashes(), 'it would still work if it were there').toHaveLength(2);
      expect(await ports.applications.addSecret(uuid(), sha256('4'), at(0), at(0))).toBe(false);
    });
  });

  describe('machines', () => {
    it('are live as themselves, with roles that they have, until they are disabled', async () => {
      const machine = await register(aMachine());
      const { id } = machine;
      const claim = (roles: string[], userId = id) => ports.sessions.isLive(id, { userId, roles });
      expect(await claim(['admin'])).toBe(true);
      expect(await claim([])).toBe(true);
      expect([await claim(['support']), await claim([], uuid())]).toEqual([false, false]);
      await ports.applications.replace({ ...machine, roles: [] });
      expect(ended).toEqual([id]);
      expect(await claim(['admin'])).toBe(false);
      await ports.applications.replace({ ...machine, roles: [], disabledAt: noon });
      expect(await claim([])).toBe(false);
    });

    it('are what applications that act for persons are not', async () => {
      const { id } = await register();
      expect(await ports.sessions.isLive(id, { userId: id, roles: [] })).toBe(false);
      expect(await ports.sessions.isLive(id)).toBe(false);
    });
  });

  describe('consents', () => {
    it('S21 are listed with the name of the application, and grow', async () => {
      const [accountId, { id: applicationId, name }] = [await person(), await register()];
      await ports.consents.give({ accountId, applicationId, scopes: ['profile', 'openid'], givenAt: at(0) });
      await ports.consents.give({ accountId, applicationId, scopes: ['orders:read', 'openid'], givenAt: at(1) });
      const consent = { accountId, applicationId, scopes: ['openid', 'orders:read', 'profile'], givenAt: at(1) };
      expect(await ports.consents.find(accountId, applicationId)).toEqual(consent);
      expect(await ports.consents.list(accountId)).toEqual([{ ...consent, name }]);
      expect(await ports.consents.list(await person())).toEqual([]);
    });

    it("S21 that are revoked end that person's sessions of that application, and no other", async () => {
      const [ada, grace] = [await person(), await person()];
      const [{ id: notes }, { id: maps }] = [await register(), await register()];
      const mine = await hold(ada, notes);
      const others = [await hold(ada, maps), await hold(grace, notes)];
      for (const applicationId of [notes, maps])
        await ports.consents.give({ accountId: ada, applicationId, scopes: ['openid'], givenAt: noon });
      expect(await ports.consents.revoke(ada, notes)).toBe(true);
      expect(ended).toEqual([mine]);
      expect(await ports.consents.list(ada)).toMatchObject([{ applicationId: maps }]);
      for (const id of others) expect(await ports.sessions.isLive(id)).toBe(true);
      expect(await ports.consents.revoke(ada, notes)).toBe(false);
    });

    it('go with the account and with the application', async () => {
      const [ada, grace, { id: applicationId }] = [await person(), await person(), await register()];
      for (const accountId of [ada, grace])
        await ports.consents.give({ accountId, applicationId, scopes: ['openid'], givenAt: noon });
      await ports.accounts.forget(ada);
      expect(await ports.consents.find(ada, applicationId)).toBeUndefined();
      expect(await ports.consents.find(grace, applicationId)).toBeDefined();
      await ports.applications.remove(applicationId);
      expect(await ports.consents.find(grace, applicationId)).toBeUndefined();
    });
  });

  describe('sessions that applications hold', () => {
    it('are sessions: listed, live for their person alone, and ended with the account', async () => {
      const [accountId, { id: applicationId, name }] = [await person(), await register()];
      const id = await hold(accountId, applicationId);
      expect(await ports.sessions.list(accountId, { limit: 10 })).toMatchObject([
        { id, application: { id: applicationId, name }, authenticatedAt: noon },
      ]);
      const live = (userId: string, roles: string[]) => ports.sessions.isLive(id, { userId, roles });
      expect(await live(accountId, ['customer'])).toBe(true);
      expect([await live(await person(), []), await live(accountId, ['admin'])]).toEqual([false, false]);
      await ports.accounts.disable(accountId, noon);
      expect(ended).toEqual([id]);
      expect(await ports.authorizations.open(anAuthorization({ accountId, applicationId }))).toBe(false);
      expect(await ports.authorizations.open(anAuthorization({ applicationId }))).toBe(false);
    });

    it('are opened once, and end alone', async () => {
      const [accountId, { id: applicationId }] = [await person(), await register()];
      const [id, other] = [await hold(accountId, applicationId), await hold(accountId, applicationId)];
      expect(await ports.authorizations.open(anAuthorization({ id, accountId, applicationId }))).toBe(true);
      await ports.authorizations.end(id);
      await ports.authorizations.end(id);
      expect(ended).toEqual([id]);
      expect(await ports.sessions.isLive(other)).toBe(true);
    });

    it('S15 end when they are not used for long, and absolutely', async () => {
      const [accountId, { id: applicationId }] = [await person(), await register()];
      const [used, unused] = [await hold(accountId, applicationId), await hold(accountId, applicationId)];
      for (let days = 0; days < 24; days += 6) {
        clock.advance(6 * day);
        await ports.authorizations.use(used, nowhere);
      }
      expect([await ports.sessions.isLive(used), await ports.sessions.isLive(unused)]).toEqual([true, false]);
      clock.advance(day);
      expect(await ports.sessions.isLive(used)).toBe(false);
    });

    it('are bounded together with those of logins', async () => {
      const [accountId, { id: applicationId }] = [await person(), await register()];
      const first = await hold(accountId, applicationId);
      for (let more = 1; more < shortLifetimes.perAccount; more++) {
        clock.advance(1);
        await hold(accountId, applicationId);
      }
      expect(ended).toEqual([]);
      clock.advance(1);
      await hold(accountId, applicationId);
      expect(ended).toEqual([first]);
    });
  });
}
