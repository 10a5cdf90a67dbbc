/**
 * The messages and enums that a contract needs in its .proto file. A schema that a contract exports by name is a type at the top
 * of the file, wherever it is used; what has no name of its own is nested in the message that uses it.
 */
import type { z } from 'zod';
import { fieldShape, Inexpressible, isEnum, isObject, valuesOfEnum, type FieldShape } from './message-fields.ts';
import { enumValueName, fieldName, jsonName, nestedTypeName, nullFieldName, pascalCase } from './message-names.ts';

export interface MessageField {
  readonly name: string;
  /** Set too where the field may be null as well as absent: the name of the field that says so. */
  readonly nullName: string | undefined;
  readonly type: string;
  readonly shape: FieldShape;
  /** The contract's description of the field, where it says more than that of its type. */
  readonly description: string | undefined;
}
export interface MessageType {
  readonly kind: 'message';
  readonly name: string;
  /** With the messages around it: `Order.Item`. */
  readonly fullName: string;
  readonly description: string | undefined;
  readonly fields: readonly MessageField[];
  readonly nested: readonly Type[];
}
export interface EnumType {
  readonly kind: 'enum';
  readonly name: string;
  readonly fullName: string;
  readonly description: string | undefined;
  readonly values: readonly string[];
}
export type Type = MessageType | EnumType;

/** Exports of contracts, by module; the first is the contract itself. */
export type ContractExports = ReadonlyMap<string, Readonly<Record<string, unknown>>>;

export class MessageTypes {
  readonly #named = new Map<unknown, { readonly name: string; readonly schema: z.ZodType }>();
  readonly #declared = new Map<string, z.core.$ZodTypeDef>();
  readonly #top: Type[] = [];
  /** The schemas around the one that is looked at. */
  readonly #around = new Set<unknown>();

  /** Schemas that another contract exports go by its name as well: `OrdersMoney` in users. */
  constructor(exports: ContractExports) {
    const [own] = exports.keys();
    for (const [module, named] of exports) {
      for (const [exported, schema] of Object.entries(named)) {
        if (!isSchema(schema) || !(isObject(schema) || isEnum(schema)) || this.#named.has(schema._zod.def)) continue;
        const name = `${module === own ? '' : pascalCase(module)}${pascalCase(exported)}`;
        this.#named.set(schema._zod.def, { name, schema });
      }
    }
  }

  /** In the order in which they were first needed, so that a reader meets the whole before its parts. */
  get top(): readonly Type[] {
    return this.#top;
  }

  /** The message of an operation's input: always one of its own, since it grows with the operation. */
  request(name: string, schema: z.ZodType): string {
    return this.#declare(name, schema);
  }

  /** The message of an operation's output; one that the contract names keeps its name. */
  response(name: string, schema: z.ZodType): string {
    if (!isObject(schema)) throw new Inexpressible('an answer is an object. Put it into z.object({ ... })');
    return this.#byName(schema) ?? this.#declare(name, schema);
  }

  /** The type of a schema that a contract exports, and of its copies with another description. */
  #byName({ _zod }: z.ZodType): string | undefined {
    const named = this.#named.get(_zod.def);
    if (named && this.#declared.get(named.name) !== _zod.def) this.#declare(named.name, named.schema);
    return named?.name;
  }

  #declare(name: string, schema: z.ZodType): string {
    if (this.#declared.has(name))
      throw new Inexpressible(`two things would be called ${name}. Export the schema under another name`);
    this.#declared.set(name, schema._zod.def);
    const place = this.#top.length;
    this.#top.splice(place, 0, this.#type(name, name, schema));
    return name;
  }

  #type(name: string, fullName: string, schema: z.ZodType): Type {
    const about = { name, fullName, description: schema.description };
    if (!isObject(schema)) {
      const values = valuesOfEnum(schema);
      distinct(['unspecified', ...values], (value) => enumValueName(name, value));
      return { kind: 'enum', ...about, values: values.map((value) => enumValueName(name, value)) };
    }
    const { def } = schema._zod;
    if (this.#around.has(def))
      throw new Inexpressible(
        'it contains itself, so that it could be nested without end. Make it a flat list whose items name their parent',
      );
    this.#around.add(def);
    const nested: Type[] = [];
    const fields = Object.entries(schema.shape).map(([key, field]) =>
      within(key, () => this.#field(key, field as z.ZodType, fullName, nested)),
    );
    this.#around.delete(def);
    distinct(
      fields.flatMap(({ name, nullName }) => (nullName === undefined ? [name] : [name, nullName])),
      String,
    );
    return { kind: 'message', ...about, fields, nested };
  }

  #field(key: string, schema: z.ZodType, around: string, nested: Type[]): MessageField {
    if (!/^[a-z][A-Za-z0-9]*$/.test(key) || jsonName(fieldName(key)) !== key)
      throw new Inexpressible('the name of a field is in camelCase, such as userId. Rename it');
    const shape = fieldShape(schema);
    const { type, value, isList, isOptional, isNullable, description } = shape;
    const isScalar = type !== 'message' && type !== 'enum';
    return {
      name: fieldName(key),
      nullName: isOptional && isNullable ? nullFieldName(key) : undefined,
      type: isScalar ? type : (this.#byName(value) ?? this.#nest(nestedTypeName(key, isList), value, around, nested)),
      shape,
      description: isScalar || description !== this.#ownDescription(value) ? description : undefined,
    };
  }

  /** The description of the type, where it is declared. */
  #ownDescription(schema: z.ZodType): string | undefined {
    return (this.#named.get(schema._zod.def)?.schema ?? schema).description;
  }

  #nest(name: string, schema: z.ZodType, around: string, nested: Type[]): string {
    if ([...this.#named.values(), ...nested].some((each) => each.name === name))
      throw new Inexpressible(
        `its type would be called ${name}, as another one is. Export its schema under a name of its own`,
      );
    nested.push(this.#type(name, `${around}.${name}`, schema));
    return name;
  }
}

const isSchema = (value: unknown): value is z.ZodType => typeof value === 'object' && value !== null && '_zod' in value;

/** Says where it was that something could not be expressed. */
export function within<T>(place: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof Inexpressible)) throw error;
    throw error.within(place);
  }
}

function distinct(values: readonly string[], nameOf: (value: string) => string): void {
  const seen = new Map<string, string>();
  for (const value of values) {
    const name = nameOf(value);
    const other = seen.get(name);
    if (other !== undefined)
      throw new Inexpressible(`${other} and ${value} would both be called ${name}. Rename one of them`);
    seen.set(name, value);
  }
}
