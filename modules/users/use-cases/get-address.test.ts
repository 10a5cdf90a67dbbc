import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { anAddressBook, notFound } from '../testing/address-book.ts';

describe('reading an address', () => {
  it('shows it as it was added', async () => {
    const { add, get } = anAddressBook();
    const address = await add();
    expect(await get(address.id)).toEqual(address);
  });

  it("S29 does not tell somebody else's address from none", async () => {
    const { add, get } = anAddressBook();
    const { id } = await add();
    await expect(get(id, uuid())).rejects.toMatchObject(notFound);
    await expect(get(uuid())).rejects.toMatchObject(notFound);
  });
});
