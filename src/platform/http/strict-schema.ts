import { z } from 'zod';

type Schema = z.core.$ZodType;
/** The definition of any schema, as far as it is walked here. */
interface Definition {
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

/**
 * The same schema, refusing fields it does not know at every depth. Contracts declare plain objects, which ignore
 * unknown fields; in a request one is a mistake of the caller or an attempt (S31), and it is told. An object that
 * says what its other fields are (`z.looseObject`, `catchall`) means it.
 */
export const strict = <S extends z.ZodType>(schema: S): S => strictened(schema, new Map()) as unknown as S;

function strictened(schema: Schema, done: Map<Schema, Schema>): Schema {
  const known = done.get(schema);
  if (known) return known;
  const inner = (part: Schema) => strictened(part, done);
  const definition = schema._zod.def as unknown as Definition;
  if (definition.type === 'lazy') return strictLazy(definition, inner);
  const changed = changes(definition, inner);
  if (!changed) return schema;
  const result = z.core.clone(schema as z.ZodType, { ...definition, ...changed } as never);
  done.set(schema, result);
  return result;
}

/** Made anew: a copy of one that has been used would keep what it got. */
const strictLazy = ({ getter, checks = [] }: Definition, inner: (part: Schema) => Schema): Schema =>
  z.lazy(() => inner(getter!())).check(...(checks as never[]));

function changes(definition: Definition, inner: (part: Schema) => Schema): Partial<Definition> | undefined {
  switch (definition.type) {
    case 'object': {
      const shape = mapValues(definition.shape!, inner);
      return { shape, catchall: definition.catchall ?? z.never() };
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
      return { in: inner(definition.in!) };
    case 'intersection':
      throw new TypeError('An intersection of objects cannot refuse unknown fields: use extend() in an endpoint.');
    default:
      return definition.innerType === undefined ? undefined : { innerType: inner(definition.innerType) };
  }
}

/** Field by field on first use, since a recursive schema refers to itself. */
function mapValues(shape: Record<string, Schema>, inner: (part: Schema) => Schema): Record<string, Schema> {
  const mapped: Record<string, Schema> = {};
  for (const name of Object.keys(shape)) {
    let value: Schema | undefined;
    Object.defineProperty(mapped, name, { enumerable: true, get: () => (value ??= inner(shape[name]!)) });
  }
  return mapped;
}
