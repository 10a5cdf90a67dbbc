import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { anAddressBook, changedMeanwhile, notFound } from '../testing/address-book.ts';
import { atHome, atWork } from '../testing/people.ts';

describe('replacing an address', () => {
  it('leaves nothing of it but its id and age', async () => {
    const { add, get, replace, anHourPasses } = anAddressBook();
    const { id, createdAt } = await add(atHome);
    const updatedAt = anHourPasses();
    const replaced = await replace(id, atWork);
    expect(replaced).toEqual({ ...atWork, id, createdAt, updatedAt, version: 2 });
    expect(await get(id)).toEqual(replaced);
  });

  it('is refused to who has not seen its last version', async () => {
    const { add, get, replace } = anAddressBook();
    const { id } = await add();
    const replaced = await replace(id, { ...atWork, expectedVersion: 1 });
    await expect(replace(id, { ...atHome, expectedVersion: 1 })).rejects.toMatchObject(changedMeanwhile);
    expect(await get(id)).toEqual(replaced);
  });

  it("S29 does not tell somebody else's address from none", async () => {
    const { add, get, replace } = anAddressBook();
    const address = await add();
    await expect(replace(address.id, { ...atWork, userId: uuid() })).rejects.toMatchObject(notFound);
    await expect(replace(uuid(), atWork)).rejects.toMatchObject(notFound);
    expect(await get(address.id)).toEqual(address);
  });
});
