/** The suite that every port for administrators must pass. */
import { v7 as uuid } from 'uuid';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Accounts } from '../domain/accounts.ts';
import type { Administration } from '../domain/administration.ts';
import type { Sessions } from '../domain/sessions.ts';
import { noon } from './accounts.ts';
import { identityUnderTest, type MakeIdentity } from './identity-under-test.ts';

export function administrationSuite(make: MakeIdentity): void {
  const identity = identityUnderTest(make);
  const { add, open } = identity;
  let accounts: Accounts;
  let administration: Administration;
  let sessions: Sessions;
  let ended: string[];
  let doubted: string[];
  beforeEach(() => {
    ({ accounts, administration, sessions, ended, doubted } = identity.start());
  });
  const changeRoles = async (
    id: string,
    { grant = [], take = [] }: Partial<Parameters<Administration['changeRoles']>[1]>,
  ) => administration.changeRoles(id, { grant, take });

  describe('administration', () => {
    it('finds accounts by the beginning of their address, by state and by role, the newest first', async () => {
      const mark = uuid();
      const added = [];
      for (const [index, fields] of [{}, { disabledAt: noon }, { roles: ['customer', 'support'] as const }].entries())
        added.push((await add({ email: `${mark}.${index}@example.com`, ...fields })).account);
      const [one, disabled, support] = added;
      const ids = async (wanted: object) =>
        (await administration.search({ email: mark, limit: 10, ...wanted })).map(({ id }) => id);
      expect(await ids({})).toEqual([support!.id, disabled!.id, one!.id]);
      expect(await ids({ state: 'disabled' })).toEqual([disabled!.id]);
      expect(await ids({ state: 'active' })).toEqual([support!.id, one!.id]);
      expect(await ids({ role: 'support' })).toEqual([support!.id]);
      expect(await ids({ limit: 1, cursor: support!.id })).toEqual([disabled!.id]);
      expect(await ids({ email: `${mark}.1@` })).toEqual([disabled!.id]);
      for (const pattern of ['%', '_', `${mark.slice(0, -1)}_`, `${mark}%`])
        expect(await ids({ email: pattern })).toEqual([]);
      const { passwordHash: _, ...known } = one!;
      expect(await administration.search({ email: one!.email, limit: 1 })).toEqual([known]);
    });

    it('grants and takes roles, several at once, and leaves a customer', async () => {
      const { account } = await add();
      const { id } = account;
      expect(await changeRoles(id, { grant: ['catalogue', 'support'] })).toEqual(['customer', 'support', 'catalogue']);
      expect(await changeRoles(id, { grant: ['support'], take: ['catalogue'] })).toEqual(['customer', 'support']);
      expect(await changeRoles(id, { take: ['customer', 'support'] })).toEqual(['customer']);
      expect((await accounts.find(id))?.roles).toEqual(['customer']);
      expect(await changeRoles(uuid(), { grant: ['support'] })).toBe('unknown');
    });

    it('takes a role from the sessions that have it, at once, and ends none', async () => {
      const { account } = await add({ roles: ['customer', 'support'] });
      const session = await open(account);
      const claimed = { userId: account.id, roles: ['customer', 'support'] };
      expect(await sessions.isLive(session.id, claimed)).toBe(true);
      await changeRoles(account.id, { take: ['support'] });
      expect(doubted).toEqual([session.id]);
      expect(ended).toEqual([]);
      expect(await sessions.isLive(session.id, claimed)).toBe(false);
      expect(await sessions.rotate(session.refreshToken)).toMatchObject({
        outcome: 'rotated',
        session: { roles: ['customer'] },
      });
    });

    it('S38 keeps one administrator of several who are demoted or disabled at the same time', async () => {
      for (let times = 0; times < 8; times++) {
        const several = await Promise.all(Array.from({ length: 4 }, () => add({ roles: ['customer', 'admin'] })));
        const outcomes = await Promise.all(
          several.map(({ account: { id } }, index) =>
            index % 2 ? changeRoles(id, { take: ['admin'] }) : accounts.disable(id, noon),
          ),
        );
        expect(outcomes.filter((outcome) => outcome === 'last administrator')).toHaveLength(1);
        for (const { account } of several) await accounts.forget(account.id);
      }
    });

    it('ends all sessions of an account, and has its next login bring another password', async () => {
      const { account } = await add();
      const [one, other] = [await open(account), await open(account)];
      expect(await administration.endSessions(account.id)).toBe(true);
      expect(ended.toSorted()).toEqual([one.id, other.id].toSorted());
      expect((await accounts.find(account.id))?.oneTimePassword).toBe(false);
      const third = await open(account);
      expect(await administration.requireNewPassword(account.id)).toBe(true);
      expect(await sessions.isLive(third.id)).toBe(false);
      expect((await accounts.find(account.id))?.oneTimePassword).toBe(true);
      expect(await administration.endSessions(uuid())).toBe(false);
      expect(await administration.requireNewPassword(uuid())).toBe(false);
    });
  });
}
