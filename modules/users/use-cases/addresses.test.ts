import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { addressBookLimit } from '../domain/address.ts';
import { inMemoryPeople } from '../testing/in-memory-people.ts';
import { anyContext, atHome, atWork, noon } from '../testing/people.ts';
import { addAddress } from './add-address.ts';
import { getAddress } from './get-address.ts';
import { listAddresses } from './list-addresses.ts';
import { removeAddress } from './remove-address.ts';
import { replaceAddress } from './replace-address.ts';

function setUp() {
  const { addresses, people } = inMemoryPeople();
  let now = noon;
  const clock = { now: () => now };
  const userId = uuid();
  const [add, get, list] = [addAddress(addresses, clock), getAddress(addresses), listAddresses(addresses)];
  const [replace, remove] = [replaceAddress(addresses, clock), removeAddress(addresses)];
  return {
    userId,
    people,
    hourPasses: () => (now = new Date(now.getTime() + 3_600_000)),
    add: (fields = atHome) => add({ userId, ...fields }, anyContext),
    list: async () => (await list({ userId }, anyContext)).addresses,
    get: (addressId: string, whose = userId) => get({ userId: whose, addressId }, anyContext),
    replace: (addressId: string, fields: Partial<Parameters<typeof replace>[0]>) =>
      replace({ userId, addressId, ...atWork, ...fields }, anyContext),
    remove: (addressId: string, fields: Partial<Parameters<typeof remove>[0]> = {}) =>
      remove({ userId, addressId, ...fields }, anyContext),
  };
}
const notFound = { code: 'users.address-not-found' };

describe('an address book', () => {
  it('keeps what is added', async () => {
    const { add, get, list } = setUp();
    const address = await add();
    expect(address).toMatchObject({ ...atHome, version: 1, createdAt: noon.toISOString() });
    expect(await list()).toEqual([address]);
    expect(await get(address.id)).toEqual(address);
  });

  it('says so when it is full', async () => {
    const { add, list } = setUp();
    for (let count = 0; count < addressBookLimit; count++) await add();
    await expect(add()).rejects.toMatchObject({ code: 'users.too-many-addresses' });
    expect(await list()).toHaveLength(addressBookLimit);
  });

  it('is closed for a person who was erased', async () => {
    const { userId, people, add } = setUp();
    await people.erase(userId, noon, () => {});
    await expect(add()).rejects.toMatchObject({ code: 'users.profile-not-found' });
  });

  it('replaces an address as a whole and keeps its id and age', async () => {
    const { add, get, replace, hourPasses } = setUp();
    const { id, createdAt } = await add(atHome);
    const updatedAt = hourPasses().toISOString();
    const replaced = await replace(id, atWork);
    expect(replaced).toEqual({ ...atWork, id, createdAt, updatedAt, version: 2 });
    expect(await get(id)).toEqual(replaced);
  });

  it('refuses to replace or remove what changed since its author saw it', async () => {
    const { add, list, replace, remove } = setUp();
    const { id } = await add();
    const replaced = await replace(id, { expectedVersion: 1 });
    const changedMeanwhile = { code: 'users.changed-meanwhile' };
    await expect(replace(id, { city: 'Paris', expectedVersion: 1 })).rejects.toMatchObject(changedMeanwhile);
    await expect(remove(id, { expectedVersion: 1 })).rejects.toMatchObject(changedMeanwhile);
    expect(await list()).toEqual([replaced]);
    await remove(id, { expectedVersion: 2 });
    expect(await list()).toEqual([]);
  });

  it('does not know a removed address any more', async () => {
    const { add, get, replace, remove } = setUp();
    const { id } = await add();
    await remove(id);
    await expect(remove(id)).rejects.toMatchObject(notFound);
    await expect(replace(id, {})).rejects.toMatchObject(notFound);
    await expect(get(id)).rejects.toMatchObject(notFound);
  });

  it("S29 hides another person's addresses", async () => {
    const { add, get, list, replace, remove } = setUp();
    const address = await add();
    const stranger = uuid();
    await expect(get(address.id, stranger)).rejects.toMatchObject(notFound);
    await expect(replace(address.id, { userId: stranger })).rejects.toMatchObject(notFound);
    await expect(remove(address.id, { userId: stranger })).rejects.toMatchObject(notFound);
    expect(await list()).toEqual([address]);
  });
});
