import { expect, it } from 'vitest';
import { z } from 'zod';
import { InMemoryMail } from './in-memory-mail.ts';
import { inMemoryTransaction } from './in-memory-transaction.ts';
import { mail } from './mail.ts';

const overdue = mail('library.overdue', z.object({ reader: z.string() }), { purpose: 'reminding', usefulFor: 1_000 });

it('keeps what was added in a transaction that did not fail, and refuses what the real one refuses', async () => {
  const transaction = inMemoryTransaction();
  const post = new InMemoryMail();
  await transaction(async () => post.add(overdue, 'ada', { reader: 'ada' }));
  const failing = transaction(async () => {
    post.add(overdue, 'grace', { reader: 'grace' });
    throw new Error('changed our mind');
  });
  await expect(failing).rejects.toThrow('changed our mind');
  await expect(transaction(async () => post.add(overdue, 'x', { reader: 1 } as never))).rejects.toThrow(/reader/);
  expect(() => post.add(overdue, 'ada', { reader: 'ada' })).toThrow(/transaction/);
  expect(post.mails).toEqual([{ name: 'library.overdue', key: 'ada', data: { reader: 'ada' } }]);
});
