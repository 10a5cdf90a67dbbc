import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { withCheckout, type Checkout } from './support/checkout.ts';

const program = join(import.meta.dirname, 'check/proto.ts');
const path = 'modules/sales/sales.proto';
const contract = 'modules/sales/contract.ts';

/** In a process of its own, since a contract is loaded once in each. */
const write = ({ root }: Checkout) => promisify(execFile)(process.execPath, [program, '--root', root]);
const readFrom = ({ root }: Checkout, file: string) => readFileSync(join(root, file), 'utf8');
const edit = (checkout: Checkout, before: string, after: string) => {
  const text = readFrom(checkout, contract);
  expect(text).toContain(before);
  checkout.write(contract, text.replace(before, after));
};

describe('npm run proto', () => {
  it('leaves alone what is current', () =>
    withCheckout(async (checkout) => {
      const before = readFrom(checkout, path);
      const { stdout } = await write(checkout);
      expect(stdout).toContain(`${path} is current.`);
      expect(readFrom(checkout, path)).toBe(before);
    }));

  it('keeps the numbers of the lock when fields come, go and move, so that the check passes', () =>
    withCheckout(async (checkout) => {
      edit(
        checkout,
        'buyerId: z.uuid(), amount: z.int().positive(), note: z.string().max(100).optional()',
        'coupon: z.string().optional(), amount: z.int().positive(), buyerId: z.uuid()',
      );
      const { stdout } = await write(checkout);
      expect(stdout).toContain(`${path} is written.`);
      expect(readFrom(checkout, path)).toContain(
        `message SellRequest {
  reserved 3, 4;
  reserved "discount", "note";
  optional string coupon = 5;
  int64 amount = 2;
  // a UUID
  string buyer_id = 1;
}`,
      );
      const { out } = await checkout.check('--rule', 'contract-lock');
      expect(out).not.toContain(path);
    }));

  it('says in one line what has no form in protobuf', () =>
    withCheckout(async (checkout) => {
      edit(checkout, 'note: z.string().max(100).optional()', 'note: z.union([z.string(), z.int()])');
      const before = readFrom(checkout, path);
      await expect(write(checkout)).rejects.toMatchObject({
        code: 2,
        stderr:
          'sales.sell.input.note: union has no type in protobuf. Make it an object with an optional field for each kind.\n',
      });
      expect(readFrom(checkout, path)).toBe(before);
    }));
});
