import { z } from 'zod';

export type Schema = z.core.$ZodType;

/** The definition of any schema, as far as it is walked here. */
export interface Definition {
  type: string;
  shape?: Record<string, Schema>;
  catchall?: Schema;
  element?: Schema;
  innerType?: Schema;
  options?: Schema[];
  items?: Schema[];
  rest?: Schema | null;
  valueType?: Schema;
  in?: Schema;
  getter?: () => Schema;
  checks?: z.core.$ZodCheck[];
}

export const definitionOf = (schema: Schema) => schema._zod.def as unknown as Definition;

/** A change to the parts of a schema; see `copyOf`. */
export interface Change {
  /** Tells whether the input of a transform is changed as well. */
  readonly beforeTransforms: boolean;
  /** The schema of fields that an object does not name. */
  otherFields(object: Definition): Schema | undefined;
  /** For everything that has no parts. */
  leaf(schema: Schema): Schema;
}

/** A copy of a schema that is changed at every depth. */
export const copyOf = <S extends z.ZodType>(schema: S, change: Change): S =>
  copied(schema, change, new Map()) as unknown as S;

function copied(schema: Schema, change: Change, done: Map<Schema, Schema>): Schema {
  const known = done.get(schema);
  if (known) return known;
  // For a schema that refers to itself. Only there: zod looks for cycles in the values of each schema that is lazy.
  done.set(
    schema,
    z.lazy(() => result),
  );
  const result = madeAnew(schema, change, (part) => copied(part, change, done));
  done.set(schema, result);
  return result;
}

function madeAnew(schema: Schema, change: Change, inner: (part: Schema) => Schema): Schema {
  const definition = definitionOf(schema);
  if (definition.type === 'lazy') return copyOfLazy(definition, inner);
  const changes = changesOf(definition, change, inner);
  return changes ? z.core.clone(schema as z.ZodType, { ...definition, ...changes } as never) : change.leaf(schema);
}

/** Made anew: a copy of one that has been used would keep what it got. */
const copyOfLazy = ({ getter, checks = [] }: Definition, inner: (part: Schema) => Schema): Schema =>
  z.lazy(() => inner(getter!())).check(...(checks as never[]));

function changesOf(
  definition: Definition,
  change: Change,
  inner: (part: Schema) => Schema,
): Partial<Definition> | undefined {
  switch (definition.type) {
    case 'object': {
      const catchall = change.otherFields(definition);
      return { shape: mapValues(definition.shape!, inner), ...(catchall && { catchall }) };
    }
    case 'array':
      return { element: inner(definition.element!) };
    case 'union':
      return { options: definition.options!.map(inner) };
    case 'tuple':
      return { items: definition.items!.map(inner), rest: definition.rest ? inner(definition.rest) : null };
    case 'record':
      return { valueType: inner(definition.valueType!) };
    case 'pipe':
      return change.beforeTransforms ? { in: inner(definition.in!) } : undefined;
    default:
      return definition.innerType === undefined ? undefined : { innerType: inner(definition.innerType) };
  }
}

const mapValues = (shape: Record<string, Schema>, inner: (part: Schema) => Schema): Record<string, Schema> =>
  Object.fromEntries(Object.entries(shape).map(([name, field]) => [name, inner(field)]));
