import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { strict } from './strict-schema.ts';

const Inner = z.object({ a: z.int() });
const extra = { a: 1, extra: true };
const accepts = (schema: z.ZodType, value: unknown) => strict(schema).safeParse(value).success;

describe('a strict schema', () => {
  it.each([
    ['an object', Inner, { a: 1 }, extra],
    ['an object in an object', z.object({ inner: Inner }), { inner: { a: 1 } }, { inner: extra }],
    ['the items of a list', z.array(Inner).min(1), [{ a: 1 }], [extra]],
    ['an optional one', Inner.optional(), { a: 1 }, extra],
    ['a nullable one with a default', Inner.nullable().default(null), { a: 1 }, extra],
    ['either of two', z.union([Inner, z.object({ b: z.int() })]), { b: 1 }, extra],
    [
      'one of several kinds',
      z.discriminatedUnion('kind', [z.object({ kind: z.literal('x'), inner: Inner })]),
      { kind: 'x', inner: { a: 1 } },
      { kind: 'x', inner: extra },
    ],
    ['the values of a map', z.record(z.string(), Inner), { x: { a: 1 } }, { x: extra }],
    ['the places of a tuple', z.tuple([Inner], Inner), [{ a: 1 }, { a: 2 }], [{ a: 1 }, extra]],
    ['what is transformed', Inner.transform(({ a }) => a), { a: 1 }, extra],
    ['what is checked further', Inner.refine(({ a }) => a > 0), { a: 1 }, extra],
    ['what refers to itself', z.lazy(() => Inner).refine(({ a }) => a > 0), { a: 1 }, extra],
  ])('refuses unknown fields of %s', (_, schema, known, unknown) => {
    expect(accepts(schema, known)).toBe(true);
    expect(schema.safeParse(unknown).success, 'the schema itself does not mind').toBe(true);
    expect(accepts(schema, unknown)).toBe(false);
  });

  it('keeps checks, defaults and transformations', () => {
    const schema = strict(z.object({ name: z.string().trim().min(2), limit: z.int().max(9).default(5) }));
    expect(schema.parse({ name: ' ab ' })).toEqual({ name: 'ab', limit: 5 });
    expect(schema.safeParse({ name: ' a ' }).success).toBe(false);
    expect(strict(Inner.refine(({ a }) => a > 5)).safeParse({ a: 1 }).success).toBe(false);
    expect(strict(z.lazy(() => Inner).refine(({ a }) => a > 5)).safeParse({ a: 1 }).success).toBe(false);
  });

  it('lets an object have other fields that says so', () => {
    expect(accepts(z.looseObject({ a: z.int() }), extra)).toBe(true);
    expect(accepts(z.object({ a: z.int() }).catchall(z.boolean()), extra)).toBe(true);
  });

  it('goes all the way down what refers to itself', () => {
    const Tree = z.object({
      name: z.string(),
      get children() {
        return z.array(Tree);
      },
    });
    const leaf = { name: 'leaf', children: [] };
    expect(accepts(Tree, { name: 'root', children: [leaf] })).toBe(true);
    expect(accepts(Tree, { name: 'root', children: [{ name: 'branch', children: [{ ...leaf, extra: 1 }] }] })).toBe(
      false,
    );
  });
});
