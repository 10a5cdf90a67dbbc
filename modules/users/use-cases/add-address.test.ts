import { describe, expect, it } from 'vitest';
import { addressBookLimit } from '../contract.ts';
import { anAddressBook } from '../testing/address-book.ts';
import { atHome, noon } from '../testing/people.ts';

describe('adding an address', () => {
  it('gives it an id and its first version', async () => {
    const { add, list } = anAddressBook();
    const address = await add();
    const now = noon.toISOString();
    expect(address).toEqual({ ...atHome, id: address.id, version: 1, createdAt: now, updatedAt: now });
    expect(await list()).toEqual([address]);
  });

  it('says so when the address book is full', async () => {
    const { add, list } = anAddressBook();
    for (let count = 0; count < addressBookLimit; count++) await add();
    await expect(add()).rejects.toMatchObject({ code: 'users.too-many-addresses' });
    expect(await list()).toHaveLength(addressBookLimit);
  });

  it('is too late for a person who was erased', async () => {
    const { add, eraseOwner } = anAddressBook();
    await eraseOwner();
    await expect(add()).rejects.toMatchObject({ code: 'users.profile-not-found' });
  });
});
