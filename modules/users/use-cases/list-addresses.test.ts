import { v7 as uuid } from 'uuid';
import { describe, expect, it } from 'vitest';
import { anAddressBook } from '../testing/address-book.ts';
import { atHome, atWork } from '../testing/people.ts';

describe('the list of addresses', () => {
  it('begins with the oldest', async () => {
    const { add, list } = anAddressBook();
    const [home, work] = [await add(atHome), await add(atWork)];
    expect(await list()).toEqual([home, work]);
  });

  it("S29 shows nobody else's", async () => {
    const { add, list } = anAddressBook();
    await add();
    expect(await list(uuid())).toEqual([]);
  });
});
