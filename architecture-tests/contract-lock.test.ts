import { execFile } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { contractLock } from './check/rules/contract-lock.ts';
import { withCheckout, type Checkout } from './support/checkout.ts';
import { describeRule } from './support/describe-rule.ts';

describeRule(contractLock);

const program = join(import.meta.dirname, 'check/main.ts');
const lockPath = 'architecture-tests/contract-lock.json';
const lockOf = ({ root }: Checkout) => readFileSync(join(root, lockPath), 'utf8');

function edit({ root }: Checkout, path: string, before: string, after: string): void {
  const text = readFileSync(join(root, path), 'utf8');
  expect(text).toContain(before);
  writeFileSync(join(root, path), text.replace(before, after));
}

/** The whole lock of the clean tree, and a change that everybody old can live with. */
const allowed: readonly [what: string, path: string, before: string, after: string][] = [
  ['an optional field in an input', 'modules/sales/contract.ts', 'note: z', 'coupon: z.string().optional(), note: z'],
  [
    'a field with a default in an input',
    'modules/sales/contract.ts',
    'note: z',
    'gift: z.boolean().default(false), note: z',
  ],
  [
    'an optional field in an output',
    'modules/sales/contract.ts',
    'saleId: z.uuid() }),\n    errors',
    'saleId: z.uuid(), seats: z.int().optional() }),\n    errors',
  ],
  [
    'an optional field in an event',
    'modules/people/contract.ts',
    'leftAt: z.iso.datetime()',
    'leftAt: z.iso.datetime(), reason: z.string().optional()',
  ],
  [
    'an optional field in the data of a saga',
    'modules/sales/sagas/closing.ts',
    'saleId: z.uuid() }',
    'saleId: z.uuid(), billId: z.uuid().optional() }',
  ],
  [
    'a new version beside the old one',
    'modules/billing/contract.ts',
    "export const BillingApi = api('billing', {\n",
    "export const BillingApi = api('billing', {\n  billV2: command(2, { input: z.object({ saleId: z.uuid(), amount: z.int() }), output: z.object({}), errors: [] }),\n",
  ],
  [
    'another error',
    'modules/people/contract.ts',
    "personNotFound: ['not-found', 'There is no such person.']",
    "personNotFound: ['not-found', 'There is no such person.'], personGone: ['not-found', 'Gone.']",
  ],
  ['other words', 'modules/people/contract.ts', 'There is no such person.', 'Nobody of that id is known here.'],
  ['a bound on what an output holds', 'modules/people/contract.ts', 'name: z.string()', 'name: z.string().max(200)'],
  ['a description', 'modules/people/contract.ts', 'name: z.string()', "name: z.string().describe('as they write it')"],
];

describe('adding what is allowed', () => {
  it.each(allowed)('passes: %s', (_, path, before, after) =>
    withCheckout(async (checkout) => {
      edit(checkout, path, before, after);
      const { code, out } = await checkout.check('--rule', 'contract-lock');
      expect(out).toContain('0 breaches');
      expect(code).toBe(0);
    }),
  );

  it('passes: a new event, and a reaction to it', () =>
    withCheckout(async (checkout) => {
      edit(
        checkout,
        'modules/billing/module.ts',
        "reactions: { 'close-bill'",
        "reactions: { 'close-bill-again': on(saleClosed, closeBill, [Bills, Outbox]), 'close-bill'",
      );
      expect(await checkout.check('--rule', 'contract-lock')).toMatchObject({ code: 0 });
    }));
});

const protoPath = 'modules/sales/sales.proto';

/** The same for a .proto file. */
const allowedInProto: readonly [what: string, before: string, after: string][] = [
  ['a field with a number that nothing had', 'note = 3;', 'note = 3;\n  optional string coupon = 5;'],
  ['a message', 'message SellResponse', 'message Coupon {\n  string code = 1;\n}\n\nmessage SellResponse'],
  ['an enum', 'message SellResponse', 'enum Mood {\n  MOOD_UNSPECIFIED = 0;\n}\n\nmessage SellResponse'],
  ['an rpc', '  rpc Sell(', '  rpc Return(SellRequest) returns (SellResponse);\n  rpc Sell('],
  ['other words', '// Fails with', '// May fail with'],
  [
    'fields in another order',
    '  string buyer_id = 1;\n  int64 amount = 2;',
    '  int64 amount = 2;\n  string buyer_id = 1;',
  ],
  [
    'a field that is gone, when its number and name are reserved',
    '4;\n  reserved "discount";',
    '3, 4;\n  reserved "discount", "note";',
  ],
];

describe('a .proto file', () => {
  it.each(allowedInProto)('may get or change %s', (what, before, after) =>
    withCheckout(async (checkout) => {
      edit(checkout, protoPath, before, after);
      if (what.startsWith('a field that is gone')) edit(checkout, protoPath, '  optional string note = 3;\n', '');
      const { code, out } = await checkout.check('--rule', 'contract-lock');
      expect(out).toContain('0 breaches');
      expect(code).toBe(0);
    }),
  );

  it('keeps the numbers of the values of an enum', () =>
    withCheckout(async (checkout) => {
      edit(
        checkout,
        protoPath,
        'message SellResponse',
        'enum Mood {\n  MOOD_UNSPECIFIED = 0;\n  MOOD_GOOD = 1;\n}\n\nmessage SellResponse',
      );
      expect(await checkout.check('--lock')).toMatchObject({ code: 0 });
      edit(checkout, protoPath, 'MOOD_GOOD = 1;', 'MOOD_GOOD = 2;');
      const { code, out } = await checkout.check('--rule', 'contract-lock');
      expect(out).toContain('number of Mood.MOOD_GOOD went from 1 to 2');
      expect(out).toContain('npm run proto');
      expect(code).toBe(1);
    }));

  it('keeps reserved what was reserved, from one release to the next', () =>
    withCheckout(async (checkout) => {
      edit(
        checkout,
        protoPath,
        'reserved 4;\n  reserved "discount";',
        'reserved 3, 4;\n  reserved "discount", "note";',
      );
      edit(checkout, protoPath, '  optional string note = 3;\n', '');
      expect(await checkout.check('--lock')).toMatchObject({ code: 0 });
      edit(
        checkout,
        protoPath,
        'reserved 3, 4;\n  reserved "discount", "note";',
        'reserved 4;\n  reserved "discount";',
      );
      const { out } = await checkout.check('--rule', 'contract-lock');
      expect(out).toContain('3 of SellRequest is gone and not reserved');
    }));

  it('cannot be compared when it cannot be read', () =>
    withCheckout(async (checkout) => {
      edit(checkout, protoPath, 'message SellRequest {', 'message {');
      const { code, out } = await checkout.check('--rule', 'contract-lock');
      expect(out).toContain(`${protoPath} cannot be parsed`);
      expect(code).toBe(2);
    }));

  it('need not be there, in a checkout that never had one', () =>
    withCheckout(async (checkout) => {
      const { protos: _, ...lock } = JSON.parse(lockOf(checkout)) as Record<string, unknown>;
      checkout.write(lockPath, JSON.stringify(lock));
      for (const module of ['billing', 'people', 'sales'])
        rmSync(join(checkout.root, `modules/${module}/${module}.proto`));
      expect(await checkout.check('--rule', 'contract-lock')).toMatchObject({ code: 0 });
    }));

  it('lets an rpc go with its operation', () =>
    withCheckout(async (checkout) => {
      edit(checkout, protoPath, '  rpc Sell(SellRequest) returns (SellResponse);\n', '');
      edit(checkout, 'modules/sales/contract.ts', '  sell: command', '  sellNow: command');
      const { out } = await checkout.check('--rule', 'contract-lock');
      expect(out.match(/npm run check -- --retire sales\.operations\.sell\./g)).toHaveLength(2);
      expect(await checkout.check('--retire', 'sales.operations.sell')).toMatchObject({ code: 0 });
      expect(await checkout.check('--rule', 'contract-lock')).toMatchObject({ code: 0 });
    }));
});

describe('a release', () => {
  it('adds to the lock what is new, and holds it from then on', () =>
    withCheckout(async (checkout) => {
      edit(checkout, 'modules/sales/contract.ts', 'note: z', 'coupon: z.string().optional(), note: z');
      expect(await checkout.check('--lock')).toMatchObject({ code: 0 });
      expect(lockOf(checkout)).toContain('coupon');
      edit(checkout, 'modules/sales/contract.ts', 'coupon: z.string().optional(), ', '');
      // In a process of its own, since a contract is loaded once in each.
      const run = promisify(execFile)(process.execPath, [program, '--root', checkout.root, '--rule', 'contract-lock']);
      await expect(run).rejects.toMatchObject({
        code: 1,
        stdout: expect.stringContaining('in the input of sell, coupon is gone') as string,
      });
    }));

  it('writes the same lock for the same contracts', () =>
    withCheckout(async (checkout) => {
      const before = lockOf(checkout);
      await checkout.check('--lock');
      expect(lockOf(checkout)).toBe(before);
    }));

  it('does not take a break into the lock', () =>
    withCheckout(async (checkout) => {
      const before = lockOf(checkout);
      edit(checkout, 'modules/sales/contract.ts', 'max(100)', 'max(50)');
      const { code, err } = await checkout.check('--lock');
      expect(err).toContain('maxLength of note went from 100 to 50');
      expect(err).toContain('sellV2: command(2');
      expect(code).toBe(2);
      expect(lockOf(checkout)).toBe(before);
    }));

  it('can retire what no peer uses any more, by its name', () =>
    withCheckout(async (checkout) => {
      edit(checkout, 'modules/billing/module.ts', "'close-bill'", "'settle-bill'");
      const { out } = await checkout.check('--rule', 'contract-lock');
      expect(out).toContain('npm run check -- --retire billing.reactions.close-bill');
      expect(await checkout.check('--retire', 'billing.reactions.close-bill')).toMatchObject({ code: 0 });
      expect(await checkout.check('--rule', 'contract-lock')).toMatchObject({ code: 0 });
    }));

  it('can retire nothing that the lock does not have', () =>
    withCheckout(async (checkout) => {
      const { code, err } = await checkout.check('--retire', 'billing.reactions.close-bil');
      expect(err).toContain('has no billing.reactions.close-bil');
      expect(code).toBe(2);
    }));

  it('is refused where the steps of a saga cannot be read', () =>
    withCheckout(async (checkout) => {
      edit(checkout, 'modules/sales/sagas/closing.ts', '  steps: [', "  steps: ['x'].flatMap(() => [");
      edit(checkout, 'modules/sales/sagas/closing.ts', '  ],\n', '  ]),\n');
      const { code, out } = await checkout.check('--rule', 'contract-lock');
      expect(out).toContain('The steps of the saga sales.closing cannot be read');
      expect(code).toBe(2);
    }));
});
