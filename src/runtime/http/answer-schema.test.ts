import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { forAnswers } from './answer-schema.ts';

const Item = z.object({ sku: z.string().regex(/^[a-z]+$/), quantity: z.int().positive() });
const Order = z.object({
  id: z.uuid(),
  status: z.enum(['pending', 'paid']),
  items: z.array(Item),
  note: z.string().max(3).nullable(),
  placedAt: z.iso.datetime().optional(),
  limit: z.int().default(20),
});
const order = {
  id: 'not-a-uuid',
  status: 'paid',
  items: [{ sku: '?', quantity: 0.5 }],
  note: 'long',
  placedAt: 'yesterday',
  limit: 1,
};

describe('the schema of an answer', () => {
  it('leaves out what is not declared, at every depth', () => {
    const read = { ...order, passwordHash: 'x', items: [{ ...order.items[0], cost: 7 }] };
    expect(forAnswers(Order).parse(read)).toEqual(order);
  });

  it('does not check formats and bounds once more', () => {
    expect(Order.safeParse(order).success).toBe(false);
    expect(forAnswers(Order).parse(order)).toEqual(order);
  });

  it.each([
    ['a wrong type', { ...order, id: 7 }],
    ['a wrong type deep inside', { ...order, items: [{ sku: 'a', quantity: '1' }] }],
    ['a missing field', { ...order, status: undefined }],
    ['a value that is not one of those declared', { ...order, status: 'lost' }],
  ])('still refuses %s', (_, wrong) => {
    expect(forAnswers(Order).safeParse(wrong).success).toBe(false);
  });

  it('keeps what changes a value', () => {
    const schema = forAnswers(
      z.object({
        name: z.string().trim(),
        amount: z.coerce.number(),
        at: z.date().transform((date) => date.toISOString()),
        limit: z.int().default(20),
      }),
    );
    expect(schema.parse({ name: ' a ', amount: '7', at: new Date(0) })).toEqual({
      name: 'a',
      amount: 7,
      at: '1970-01-01T00:00:00.000Z',
      limit: 20,
    });
    expect(
      forAnswers(
        z
          .string()
          .min(3)
          .transform((text) => text.length),
      ).safeParse('a').success,
    ).toBe(false);
  });

  it('keeps the fields of an object that has any', () => {
    expect(forAnswers(z.looseObject({ a: z.string() })).parse({ a: 'x', b: 1 })).toEqual({ a: 'x', b: 1 });
    expect(forAnswers(z.record(z.string(), Item)).parse({ x: { sku: '?', quantity: 1, more: 1 } })).toEqual({
      x: { sku: '?', quantity: 1 },
    });
  });
});
