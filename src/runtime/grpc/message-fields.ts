/** The part of zod that protobuf can say: what a field of a contract is on the wire. */
import type { z } from 'zod';

export interface FieldShape {
  readonly type: 'string' | 'bool' | 'int32' | 'int64' | 'double' | 'enum' | 'message';
  /** The schema of one value, without what is around it: a string, number, boolean, literal, enum or object. */
  readonly value: z.ZodType;
  readonly isList: boolean;
  /** May be absent; `fallback` gives what then takes its place. */
  readonly isOptional: boolean;
  readonly isNullable: boolean;
  readonly fallback: (() => unknown) | undefined;
  readonly description: string | undefined;
}

/** Something in a contract that has no form in protobuf: where, what, and what to write instead. */
export class Inexpressible extends Error {
  override readonly name = 'Inexpressible';
  readonly #place: string;
  readonly #why: string;

  constructor(why: string, place = '') {
    super(place === '' ? why : `${place}: ${why}.`);
    this.#place = place;
    this.#why = why;
  }

  within(place: string): Inexpressible {
    return new Inexpressible(this.#why, this.#place === '' ? place : `${place}.${this.#place}`);
  }
}

type Definition = z.core.$ZodTypes['_zod']['def'];
export const definitionOf = (schema: z.core.$ZodType): Definition => (schema as z.core.$ZodTypes)._zod.def;

export const isObject = (schema: z.core.$ZodType): schema is z.ZodObject => definitionOf(schema).type === 'object';
export const isEnum = (schema: z.core.$ZodType): schema is z.ZodEnum => definitionOf(schema).type === 'enum';

export const valuesOfEnum = (schema: z.ZodType): readonly string[] =>
  isEnum(schema) ? Object.values(schema._zod.def.entries).map(String) : [];

const smallest = -(2 ** 31);
const largest = 2 ** 31 - 1;

export function fieldShape(schema: z.ZodType): FieldShape {
  let value: z.core.$ZodType = schema;
  let isList = false;
  let isOptional = false;
  let isNullable = false;
  let fallback: FieldShape['fallback'];
  let description = (value as z.ZodType).description;
  for (;;) {
    const definition = definitionOf(value);
    if (isList && (definition.type === 'optional' || definition.type === 'nullable' || definition.type === 'array'))
      throw new Inexpressible('a list holds plain values only. Make each item an object, and this a field of it');
    if (definition.type === 'optional') {
      isOptional = true;
    } else if (definition.type === 'default') {
      isOptional = true;
      fallback = () => definition.defaultValue;
    } else if (definition.type === 'nullable') {
      isNullable = true;
    } else if (definition.type === 'array') {
      if (isOptional || isNullable)
        throw new Inexpressible(
          'an absent list cannot be told from an empty one. Make the list required, or put it into an object that is optional',
        );
      isList = true;
    } else if (definition.type !== 'readonly') {
      break;
    }
    value = definition.type === 'array' ? definition.element : definition.innerType;
    description ??= (value as z.ZodType).description;
  }
  return { type: typeOf(value), value: value as z.ZodType, isList, isOptional, isNullable, fallback, description };
}

function typeOf(schema: z.core.$ZodType): FieldShape['type'] {
  const definition = definitionOf(schema);
  switch (definition.type) {
    case 'string':
      return 'string';
    case 'boolean':
      return 'bool';
    case 'number':
      return numberType(schema as z.ZodNumber);
    case 'literal':
      if (definition.values.every((value) => typeof value === 'string')) return 'string';
      throw new Inexpressible('only texts can be literals. Take z.boolean(), z.int() or z.enum([...])');
    case 'enum':
      if (Object.values(definition.entries).every((value) => typeof value === 'string')) return 'enum';
      throw new Inexpressible('the values of an enum are texts: z.enum(["open", "closed"])');
    case 'object':
      if (definition.catchall === undefined || definitionOf(definition.catchall).type === 'never') return 'message';
      throw new Inexpressible('a message has only the fields it names. Take z.object({ ... })');
    default:
      throw new Inexpressible(
        `${definition.type} has no type in protobuf. ${instead[definition.type] ?? 'Take objects, lists, enums, texts, numbers and booleans'}`,
      );
  }
}

function numberType({ isInt, minValue, maxValue }: z.ZodNumber): FieldShape['type'] {
  if (!isInt) return 'double';
  return (minValue ?? -Infinity) >= smallest && (maxValue ?? Infinity) <= largest ? 'int32' : 'int64';
}

const instead: Readonly<Record<string, string>> = {
  union: 'Make it an object with an optional field for each kind',
  record: 'Make it a list of { key, value }',
  map: 'Make it a list of { key, value }',
  set: 'Make it a list',
  tuple: 'Make it an object with a field for each place',
  date: 'Take z.iso.datetime()',
  bigint: 'Take z.int(), or a text for what exceeds 2^53',
  null: 'Make the field nullable, or leave it out',
  any: 'Say what it is',
  unknown: 'Say what it is',
  pipe: 'Transform it in the use case; a contract says what travels',
  transform: 'Transform it in the use case; a contract says what travels',
  lazy: 'What contains itself could be nested without end. Make it a flat list whose items name their parent',
};
