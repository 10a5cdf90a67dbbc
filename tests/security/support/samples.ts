/** Requests made up from what endpoints declare, so that a new endpoint is attacked without a word about it. */
import fc from 'fast-check';
import { z } from 'zod';
import type { Endpoint } from '#platform/endpoint.ts';

export interface Sample {
  readonly path: Record<string, string>;
  readonly query: Record<string, string>;
  readonly body: Record<string, unknown> | undefined;
}

export interface JsonSchema {
  type?: string;
  format?: string;
  pattern?: string;
  enum?: readonly unknown[];
  const?: unknown;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: readonly string[];
  anyOf?: readonly JsonSchema[];
}

/** In one piece, whatever has a name of its own. */
export const jsonSchemaOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', metadata: z.registry<z.core.GlobalMeta>() }) as JsonSchema;

/** Valid requests to an endpoint. */
export const requestsTo = ({ path, query, body }: Endpoint): fc.Arbitrary<Sample> =>
  fc.record({
    path: path ? textsOf(path) : fc.constant({}),
    query: query ? textsOf(query) : fc.constant({}),
    body: body ? (valid(body) as fc.Arbitrary<Record<string, unknown>>) : fc.constant(undefined),
  });

/** One valid request, with all that is optional in it; the same at every call. */
export function exampleOf({ path, query, body }: Endpoint): Sample {
  const one = <T>(arbitrary: fc.Arbitrary<T>): T => fc.sample(arbitrary, { numRuns: 1, seed: 1 })[0]!;
  return {
    path: path ? one(textsOf(path, true)) : {},
    query: query ? one(textsOf(query, true)) : {},
    body: body && (one(valid(body, true)) as Record<string, unknown>),
  };
}

const valid = (schema: z.ZodObject, whole = false): fc.Arbitrary<unknown> =>
  valuesOf(jsonSchemaOf(schema), whole).filter((value) => schema.safeParse(value).success);

/** Path and query are text. */
const textsOf = (schema: z.ZodObject, whole = false): fc.Arbitrary<Record<string, string>> =>
  valid(schema, whole).map((fields) =>
    Object.fromEntries(Object.entries(fields as object).map(([name, value]) => [name, String(value)])),
  );

function valuesOf(schema: JsonSchema, whole: boolean): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((part) => valuesOf(part, whole)));
  switch (schema.type) {
    case 'string':
      return texts(schema);
    case 'integer':
    case 'number':
      return fc.integer({ min: Math.max(schema.minimum ?? 0, -1e9), max: Math.min(schema.maximum ?? 1e9, 1e9) });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array':
      return fc.array(valuesOf(schema.items ?? {}, whole), {
        minLength: schema.minItems ?? (whole ? 1 : 0),
        maxLength: 3,
      });
    case 'object': {
      const fields = Object.entries(schema.properties ?? {}).map(
        ([name, field]) => [name, valuesOf(field, whole)] as const,
      );
      const required = whole ? {} : { requiredKeys: [...(schema.required ?? [])] };
      return fc.record(Object.fromEntries(fields), { noNullPrototype: true, ...required });
    }
    default:
      return fc.jsonValue();
  }
}

function texts({ format, pattern, minLength = 0, maxLength = 200 }: JsonSchema): fc.Arbitrary<string> {
  if (format === 'uuid') return fc.uuid();
  if (format === 'email') return fc.uuid().map((id) => `${id}@example.com`);
  const plain = fc.string({ minLength, maxLength: Math.min(maxLength, minLength + 40), unit: 'grapheme' });
  if (pattern === undefined) return plain;
  const expression = new RegExp(pattern, 'u');
  // Guesses where no sample can be made from the pattern.
  return /\\p/i.test(pattern) ? plain.filter((text) => expression.test(text)) : fc.stringMatching(expression);
}
