import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { anAddressBook, changedMeanwhile, notFound } from '../testing/address-book.ts';
import { atWork } from '../testing/people.ts';

describe('removing an address', () => {
  it('takes it out of the address book', async () => {
    const { add, list, remove } = anAddressBook();
    const { id } = await add();
    await remove(id);
    expect(await list()).toEqual([]);
    await expect(remove(id)).rejects.toMatchObject(notFound);
  });

  it('is refused to who has not seen its last version', async () => {
    const { add, list, replace, remove } = anAddressBook();
    const { id } = await add();
    const replaced = await replace(id, atWork);
    await expect(remove(id, { expectedVersion: 1 })).rejects.toMatchObject(changedMeanwhile);
    expect(await list()).toEqual([replaced]);
    await remove(id, { expectedVersion: 2 });
    expect(await list()).toEqual([]);
  });

  it("S29 does not tell somebody else's address from none", async () => {
    const { add, list, remove } = anAddressBook();
    const address = await add();
    await expect(remove(address.id, { userId: uuid() })).rejects.toMatchObject(notFound);
    expect(await list()).toEqual([address]);
  });
});
