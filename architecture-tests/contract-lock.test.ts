import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
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
  ['a field with a default in an input', 'modules/sales/contract.ts', 'note: z', 'gift: z.boolean().default(false), note: z'],
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
