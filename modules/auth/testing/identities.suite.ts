/** The suite that every store of identities must pass. */
import { randomUUID } from 'node:crypto';
import { beforeEach, expect, it } from 'vitest';
import type { Account } from '../domain/account.ts';
import type { Accounts } from '../domain/accounts.ts';
import type { Identities, Identity } from '../domain/identities.ts';
import { anAccount, minute, noon } from './accounts.ts';

export function identitiesSuite(make: () => { accounts: Accounts; identities: Identities }): void {
  let ports: ReturnType<typeof make>;
  let ada: Account;
  beforeEach(async () => {
    ports = make();
    ada = anAccount();
    await ports.accounts.add(ada);
  });
  const one = (fields: Partial<Identity> = {}): Identity => ({
    id: randomUUID(),
    accountId: ada.id,
    issuer: 'https://id.example',
    subject: randomUUID(),
    provider: 'acme',
    email: 'ada@elsewhere.example',
    connectedAt: noon,
    ...fields,
  });

  it('gives the owner of an issuer’s subject, and of nobody else’s', async () => {
    const identity = one();
    expect(await ports.identities.add(identity)).toBe(true);
    expect(await ports.identities.owner(identity.issuer, identity.subject)).toEqual({ account: ada, hasFactor: false });
    expect(await ports.identities.owner('https://other.example', identity.subject)).toBeUndefined();
    expect(await ports.identities.owner(identity.issuer, randomUUID())).toBeUndefined();
  });

  it('connects an issuer’s subject once, to whom it was connected first', async () => {
    const bob = anAccount();
    await ports.accounts.add(bob);
    const identity = one();
    const both = await Promise.all([
      ports.identities.add(identity),
      ports.identities.add({ ...identity, id: randomUUID(), accountId: bob.id }),
    ]);
    expect(both.filter(Boolean)).toHaveLength(1);
  });

  it('connects nothing to an account that is gone', async () => {
    expect(await ports.identities.add(one({ accountId: randomUUID() }))).toBe(false);
  });

  it('lists those of an account, the oldest first', async () => {
    const [later, first] = [one({ connectedAt: new Date(+noon + minute), email: undefined }), one()];
    await ports.identities.add(later);
    await ports.identities.add(first);
    expect(await ports.identities.of(ada.id)).toEqual([first, later]);
    expect(await ports.identities.of(randomUUID())).toEqual([]);
  });

  it('removes one for its owner only', async () => {
    const identity = one();
    await ports.identities.add(identity);
    expect(await ports.identities.remove(identity.id, randomUUID())).toBe(false);
    expect(await ports.identities.remove(identity.id, ada.id)).toBe(true);
    expect(await ports.identities.owner(identity.issuer, identity.subject)).toBeUndefined();
  });

  it('forgets those of an account that is erased', async () => {
    const identity = one();
    await ports.identities.add(identity);
    await ports.accounts.forget(ada.id);
    expect(await ports.identities.owner(identity.issuer, identity.subject)).toBeUndefined();
    expect(await ports.identities.of(ada.id)).toEqual([]);
  });
}
