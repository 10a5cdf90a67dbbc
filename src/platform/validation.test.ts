import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { FieldError } from './errors.ts';
import { readOrRefuse } from './validation.ts';

const Order = z.strictObject({
  sku: z.string().min(1).max(5).optional(),
  email: z.email().optional(),
  id: z.uuid().optional(),
  quantity: z.int().min(1).max(100).optional(),
  share: z.number().gt(0).lt(1).optional(),
  currency: z.enum(['EUR', 'USD']).optional(),
  kind: z.literal('gift').optional(),
  tags: z.array(z.string()).min(2).max(3).optional(),
  paid: z.boolean().optional(),
  at: z.iso.datetime().optional(),
  note: z.object({ text: z.string().min(3) }).optional(),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/, 'Use two capital letters.')
    .optional(),
});

function refused(value: unknown): FieldError[] {
  const errors: FieldError[] = [];
  readOrRefuse(Order, value, errors);
  return errors;
}

describe('a field that is refused', () => {
  it.each([
    [{ sku: 5 }, '/sku', 'This must be a string.'],
    [{ sku: '' }, '/sku', 'This must not be empty.'],
    [{ sku: 'abcdef' }, '/sku', 'This must have at most 5 characters.'],
    [{ email: 'x' }, '/email', 'This must be an e-mail address.'],
    [{ id: 'x' }, '/id', 'This must be a UUID.'],
    [{ quantity: 'many' }, '/quantity', 'This must be a number.'],
    [{ quantity: 1.5 }, '/quantity', 'This must be a whole number.'],
    [{ quantity: 0 }, '/quantity', 'This must be at least 1.'],
    [{ quantity: 101 }, '/quantity', 'This must be at most 100.'],
    [{ share: 0 }, '/share', 'This must be more than 0.'],
    [{ share: 1 }, '/share', 'This must be less than 1.'],
    [{ currency: 'XXX' }, '/currency', 'This must be one of EUR, USD.'],
    [{ kind: 'x' }, '/kind', 'This must be gift.'],
    [{ tags: ['a'] }, '/tags', 'This must have at least 2 items.'],
    [{ tags: ['a', 'b', 'c', 'd'] }, '/tags', 'This must have at most 3 items.'],
    [{ tags: {} }, '/tags', 'This must be an array.'],
    [{ tags: ['a', null] }, '/tags/1', 'This must be a string.'],
    [{ paid: 'yes' }, '/paid', 'This must be true or false.'],
    [{ at: 'today' }, '/at', 'This must be a date and time in UTC, such as 2026-01-31T12:00:00Z.'],
    [{ note: {} }, '/note/text', 'This is required.'],
    [{ note: { text: 'a' } }, '/note/text', 'This must have at least 3 characters.'],
    [{ country: 'de' }, '/country', 'Use two capital letters.'],
    [[], '', 'This must be an object.'],
  ])('of %j says what to do', (value, path, message) => {
    expect(refused(value)).toEqual([{ path, message }]);
  });

  it('because nobody knows it is called by its own name, and so is the next', () => {
    const message = 'There is no such field.';
    expect(refused({ role: 'admin', 'a/b': 1 })).toEqual([
      { path: '/role', message },
      { path: '/a~1b', message },
    ]);
  });

  it('are told for twenty fields and no more', () => {
    const wrong = Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`field${index}`, 1]));
    expect(refused(wrong)).toHaveLength(20);
  });
});
