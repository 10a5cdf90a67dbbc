/** Values made up from the schemas of contracts, so that a new operation is tested without a word about it. */
import fc from 'fast-check';
import { z } from 'zod';
import { definitionOf } from '../message-fields.ts';

/**
 * Values as a parsed schema gives them: within its bounds, the bounds themselves among them, with what is optional
 * there or absent, and what has a default there. Parsing one changes nothing.
 */
export function valuesOf(schema: z.ZodType): fc.Arbitrary<unknown> {
  const values = valuesBeforeChecks(schema);
  return values
    .map((value) => schema.safeParse(value))
    .filter(({ success }) => success)
    .map(({ data }) => data);
}

function valuesBeforeChecks(schema: z.ZodType): fc.Arbitrary<unknown> {
  const definition = definitionOf(schema);
  const inside = (inner: z.core.$ZodType) => valuesOf(inner as z.ZodType);
  switch (definition.type) {
    case 'string':
      return texts(z.toJSONSchema(schema) as TextSchema);
    case 'number':
      return numbers(schema as z.ZodNumber);
    case 'boolean':
      return fc.boolean();
    case 'literal':
      return fc.constantFrom(...definition.values);
    case 'enum':
      return fc.constantFrom(...Object.values(definition.entries));
    case 'nullable':
      return fc.option(inside(definition.innerType));
    case 'optional':
      return fc.option(inside(definition.innerType), { nil: undefined });
    case 'default':
    case 'readonly':
      return inside(definition.innerType);
    case 'array': {
      const { minItems = 0, maxItems = Infinity } = z.toJSONSchema(schema) as { minItems?: number; maxItems?: number };
      return fc.array(inside(definition.element), { minLength: minItems, maxLength: Math.min(maxItems, minItems + 4) });
    }
    case 'object': {
      const fields = Object.entries(definition.shape);
      const required = fields.filter(([, field]) => definitionOf(field).type !== 'optional').map(([key]) => key);
      return fc.record(Object.fromEntries(fields.map(([key, field]) => [key, inside(presence(field))])), {
        requiredKeys: required,
        noNullPrototype: true,
      });
    }
    default:
      throw new TypeError(`No values can be made up for ${definition.type}.`);
  }
}

/** A key that is there has a value: absent and undefined are the same to a contract, and one of them is enough. */
function presence(field: z.core.$ZodType): z.core.$ZodType {
  const definition = definitionOf(field);
  return definition.type === 'optional' ? definition.innerType : field;
}

function numbers({ isInt, minValue, maxValue }: z.ZodNumber): fc.Arbitrary<number> {
  const min = Math.max(minValue ?? -Infinity, Number.MIN_SAFE_INTEGER);
  const max = Math.min(maxValue ?? Infinity, Number.MAX_SAFE_INTEGER);
  if (!isInt) return fc.double({ min, max, noNaN: true });
  return fc.oneof(fc.integer({ min, max }), fc.constantFrom(min, max));
}

interface TextSchema {
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
}

function texts({ format, pattern, minLength = 0, maxLength = Infinity }: TextSchema): fc.Arbitrary<string> {
  if (format === 'uuid') return fc.uuid();
  if (format === 'email') return fc.emailAddress();
  if (format === 'date-time') return fc.date({ ...dates, noInvalidDate: true }).map((date) => date.toISOString());
  const expression = pattern === undefined ? undefined : new RegExp(pattern, 'u');
  // Guesses where no text can be made from the pattern.
  if (expression && !/\\p/i.test(expression.source)) return fc.stringMatching(expression);
  const lengths = { minLength, maxLength: Math.min(maxLength, minLength + 60) };
  return fc
    .oneof(
      fc.string(lengths),
      fc.string({ ...lengths, unit: 'binary' }),
      fc.constantFrom(...edges(minLength, maxLength)),
    )
    .filter(isStorable);
}

/** No other text gets in. */
const isStorable = (text: string) => text.isWellFormed() && !text.includes('\0');

/** Dates with a year of four digits. */
const dates = { min: new Date('0001-01-01'), max: new Date('9999-12-31') };

const edges = (minLength: number, maxLength: number): readonly string[] => [
  'x'.repeat(minLength),
  'x'.repeat(Math.min(maxLength, 300)),
  'é€🧱'.padEnd(minLength, 'ß'),
];
