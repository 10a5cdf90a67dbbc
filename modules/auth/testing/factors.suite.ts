/** The suite that every port for second factors must pass. */
import { v7 as uuid } from 'uuid';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Transaction } from '#platform/transaction.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Factors } from '../domain/factors.ts';
import type { TotpSecrets } from '../domain/totp-secrets.ts';
import { noon } from './accounts.ts';
import { identityUnderTest, type MakeIdentity } from './identity-under-test.ts';

const [secret, another] = ['JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', 'KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU'];
const codes = ['aaaa-bbbb-cccc-dddd', 'eeee-ffff-gggg-hhhh', 'iiii-jjjj-kkkk-llll'];
const none = { totpSince: null, passkeys: 0, recoveryCodes: 0 };

export function factorsSuite(make: MakeIdentity): void {
  const identity = identityUnderTest(make);
  let accounts: Accounts;
  let totps: TotpSecrets;
  let factors: Factors;
  let transaction: Transaction;
  beforeEach(() => {
    ({ accounts, totpSecrets: totps, factors, transaction } = identity.start());
  });
  const add = async () => (await identity.add()).account;
  const withTotp = async () => {
    const account = await add();
    await totps.propose(account.id, secret, noon);
    expect(await totps.confirm(account.id, secret, 1_000, noon)).toBe(true);
    return account;
  };
  const hasFactor = async ({ email }: { email: string }) => (await accounts.findForLogIn(email, undefined))?.hasFactor;
  const winners = async (work: () => Promise<boolean>) =>
    (await Promise.all(Array.from({ length: 12 }, work))).filter(Boolean).length;

  describe('a secret of an authenticator app', () => {
    it('is a factor once it is confirmed, and not before', async () => {
      const account = await add();
      expect(await totps.find(account.id)).toBeUndefined();
      expect(await totps.propose(account.id, another, noon)).toBe(true);
      expect(await totps.propose(account.id, secret, noon), 'in its place').toBe(true);
      expect(await totps.find(account.id)).toEqual({ secret, proposedAt: noon, confirmedAt: null });
      expect([await hasFactor(account), await factors.of(account.id)]).toEqual([false, none]);
      expect(await totps.use(account.id, 1_001)).toBe(false);
      expect(await totps.remove(account.id), 'there is none yet').toBe(false);
      expect(await totps.confirm(account.id, another, 1_000, noon), 'it was replaced').toBe(false);
      expect(await totps.confirm(account.id, secret, 1_000, noon)).toBe(true);
      expect(await totps.confirm(account.id, secret, 1_001, noon)).toBe(false);
      expect([await hasFactor(account), await factors.of(account.id)]).toEqual([true, { ...none, totpSince: noon }]);
      expect(await totps.propose(account.id, another, noon), 'no other in the place of a confirmed one').toBe(false);
      expect(await totps.find(account.id)).toMatchObject({ secret, confirmedAt: noon });
      expect(await totps.remove(account.id)).toBe(true);
      expect([await hasFactor(account), await factors.of(account.id)]).toEqual([false, none]);
    });

    it('S38 takes the code of each step once, and none of an earlier step', async () => {
      const { id } = await withTotp();
      expect(await totps.use(id, 1_000), 'confirmed it').toBe(false);
      expect(await winners(() => totps.use(id, 1_002))).toBe(1);
      expect(await totps.use(id, 1_001)).toBe(false);
      expect(await totps.use(id, 1_003)).toBe(true);
      expect(await totps.use(uuid(), 1_003)).toBe(false);
    });

    it('S38 is confirmed once', async () => {
      const { id } = await add();
      await totps.propose(id, secret, noon);
      expect(await winners(() => totps.confirm(id, secret, 1_000, noon))).toBe(1);
    });
  });

  describe('recovery codes', () => {
    it('S38 work once each, however they are typed, and for their account alone', async () => {
      const [{ id }, other] = [await withTotp(), await withTotp()];
      await factors.replaceRecoveryCodes(id, codes);
      expect(await factors.of(id)).toMatchObject({ recoveryCodes: 3 });
      expect(await factors.useRecoveryCode(other.id, codes[0]!)).toBe(false);
      expect(await factors.useRecoveryCode(id, 'zzzz-zzzz-zzzz-zzzz')).toBe(false);
      expect(await winners(() => factors.useRecoveryCode(id, codes[0]!))).toBe(1);
      expect(await factors.useRecoveryCode(id, ' EEEE ffff gggghhhh')).toBe(true);
      expect(await factors.of(id)).toMatchObject({ recoveryCodes: 1 });
    });

    it('are replaced together', async () => {
      const { id } = await withTotp();
      await factors.replaceRecoveryCodes(id, codes);
      await factors.replaceRecoveryCodes(id, ['mmmm-nnnn-oooo-pppp']);
      expect(await factors.of(id)).toMatchObject({ recoveryCodes: 1 });
      expect(await factors.useRecoveryCode(id, codes[2]!)).toBe(false);
    });
  });

  describe('second factors', () => {
    it('go all at once', async () => {
      const account = await withTotp();
      await factors.replaceRecoveryCodes(account.id, codes);
      expect(await factors.removeAll(account.id)).toBe(true);
      expect([await hasFactor(account), await factors.of(account.id)]).toEqual([false, none]);
      expect(await factors.removeAll(account.id)).toBe(false);
    });

    it('go with the account', async () => {
      const account = await withTotp();
      await factors.replaceRecoveryCodes(account.id, codes);
      await accounts.forget(account.id);
      await identity.add({ id: account.id, email: account.email });
      expect([await hasFactor(account), await factors.of(account.id)]).toEqual([false, none]);
    });

    it('S38 change one after another: who looked in a transaction has seen what others did before', async () => {
      const { id } = await withTotp();
      const first = await Promise.all(
        Array.from({ length: 6 }, () =>
          transaction(async () => {
            const { recoveryCodes } = await factors.of(id);
            if (recoveryCodes === 0) await factors.replaceRecoveryCodes(id, codes);
            return recoveryCodes === 0;
          }),
        ),
      );
      expect(first.filter(Boolean)).toHaveLength(1);
    });
  });
}
