/** The contracts and sagas of a checkout, loaded, with their schemas as JSON Schema. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { z } from 'zod';
import { CannotCheck } from './cannot-check.ts';
import type { System } from './system.ts';

export type JsonSchema = { readonly [keyword: string]: unknown };

export interface OperationShape {
  readonly kind: string;
  readonly version: number;
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  /** Kind by code. */
  readonly errors: Readonly<Record<string, string>>;
}
export interface EventShape {
  readonly exportedAs: string;
  readonly key: string;
  readonly payload: JsonSchema;
}
export interface ContractShape {
  /** By name. */
  readonly operations: Readonly<Record<string, OperationShape>>;
  /** By name and version: `orders.order-paid@1`. */
  readonly events: Readonly<Record<string, EventShape>>;
}

const load = createRequire(import.meta.url);

/** Runs a file of the checkout; it is zod and plain data, by the rules for contracts. */
export function loadExports(root: string, path: string): Readonly<Record<string, unknown>> {
  try {
    return load(join(root, path)) as Record<string, unknown>;
  } catch (error) {
    throw new CannotCheck(`${path} cannot be loaded: ${(error as Error).message}`);
  }
}

const shapesBySystem = new WeakMap<System, ReadonlyMap<string, ContractShape>>();

/** By module. */
export function contractShapes(system: System): ReadonlyMap<string, ContractShape> {
  let shapes = shapesBySystem.get(system);
  if (!shapes) {
    shapes = new Map(
      [...system.modules.values()].map(({ name, contract }) => [
        name,
        shapeOf(loadExports(system.root, contract.path)),
      ]),
    );
    shapesBySystem.set(system, shapes);
  }
  return shapes;
}

interface Operation {
  readonly kind: string;
  readonly version: number;
  readonly input: z.ZodType;
  readonly output: z.ZodType;
  readonly errors: readonly { readonly code: string; readonly kind: string }[];
}
interface Event {
  readonly name: string;
  readonly version: number;
  readonly key: string;
  readonly payload: z.ZodType;
}

function shapeOf(exports: Readonly<Record<string, unknown>>): ContractShape {
  const operations: Record<string, OperationShape> = {};
  const events: Record<string, EventShape> = {};
  for (const [exportedAs, value] of Object.entries(exports)) {
    if (isEvent(value)) {
      events[`${value.name}@${value.version}`] = {
        exportedAs,
        key: value.key,
        payload: jsonSchema(value.payload, 'output'),
      };
    } else if (isApi(value)) {
      for (const [name, { kind, version, input, output, errors }] of Object.entries(value)) {
        operations[name] = {
          kind,
          version,
          input: jsonSchema(input, 'input'),
          output: jsonSchema(output, 'output'),
          errors: Object.fromEntries(errors.map((error) => [error.code, error.kind]).sort()),
        };
      }
    }
  }
  return { operations, events };
}

/** A registry without metadata: it leaves out what a person wrote about a schema, such as a name or a description. */
const nothing = { get: () => undefined };

/** The shape of an interface, as zod itself describes it. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const described = (schema as unknown as { toJSONSchema(options: object): JsonSchema }).toJSONSchema({
    io,
    unrepresentable: 'any',
    metadata: nothing,
  });
  const { $schema: _, ...rest } = described;
  return withoutPatternsOfFormats(rest) as JsonSchema;
}

/**
 * The pattern that zod gives with a format such as uuid is how zod checks it, and changes with zod. In `properties` a
 * key is the name of a field, so a field called "pattern" stays.
 */
function withoutPatternsOfFormats(value: unknown, areFields = false): unknown {
  if (Array.isArray(value)) return value.map((each) => withoutPatternsOfFormats(each));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => areFields || key !== 'pattern' || !('format' in value))
      .map(([key, each]) => [
        key,
        withoutPatternsOfFormats(each, !areFields && (key === 'properties' || key === '$defs')),
      ]),
  );
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
export const isSchema = (value: unknown): value is z.ZodType =>
  isObject(value) && typeof value.toJSONSchema === 'function';
const isEvent = (value: unknown): value is Event =>
  isObject(value) && isSchema(value.payload) && typeof value.key === 'string';
export const isApi = (value: unknown): value is Readonly<Record<string, Operation>> =>
  isObject(value) &&
  !isSchema(value) &&
  Object.keys(value).length > 0 &&
  Object.values(value).every((each) => isObject(each) && isSchema(each.input) && isSchema(each.output));
