/** The call that every compared way carries to another process: an order's worth of fields, there and back. */
import { z } from 'zod';
import { api, query } from '../src/platform/contract.ts';
import { protoFile } from '../src/runtime/grpc/proto-file.ts';

const Money = z.object({ amount: z.int().nonnegative().max(1_000_000_000_000), currency: z.enum(['EUR', 'USD']) });
const Loan = z.object({
  id: z.uuid(),
  reader: z.uuid(),
  books: z.array(z.object({ isbn: z.string(), title: z.string(), days: z.int().min(1).max(60), fee: Money })),
  returned: z.boolean(),
  lentAt: z.iso.datetime(),
});

export const LibraryApi = api('library', {
  getLoan: query(1, { input: z.object({ loanId: z.uuid(), reader: z.uuid() }), output: Loan, errors: [] }),
});

export const libraryProto = protoFile({
  module: 'library',
  api: LibraryApi,
  exports: new Map([['library', { Loan, Money }]]),
  released: {},
});

const id = '0197a4c4-8f2e-7c3b-9d7e-3f1f5b6a2c10';
export const question = { loanId: id, reader: id };
export const loan: z.output<typeof Loan> = {
  id,
  reader: id,
  books: [
    { isbn: '978-0-14-143951-8', title: 'Pride and Prejudice', days: 21, fee: { amount: 150, currency: 'EUR' } },
    { isbn: '978-0-14-143958-7', title: 'Emma', days: 14, fee: { amount: 0, currency: 'EUR' } },
  ],
  returned: false,
  lentAt: '2026-01-31T12:00:00.000Z',
};
