import { z } from 'zod';

export type JsonSchema = Record<string, unknown>;
type Direction = 'input' | 'output';

const largestInteger = Number.MAX_SAFE_INTEGER;

/** Between the name of a schema and its number. */
const separator = '.';

/** A registry of schemas with ids that are unique, as zod wants them: two modules may use the same name. */
class UniqueIds extends z.core.$ZodRegistry<z.core.GlobalMeta> {
  readonly #ids = new Map<z.core.$ZodType, string>();

  override get<S extends z.core.$ZodType>(schema: S) {
    const known = z.globalRegistry.get(schema);
    if (known?.id === undefined) return known;
    if (!this.#ids.has(schema)) this.#ids.set(schema, `${known.id}${separator}${this.#ids.size}`);
    return { ...known, id: this.#ids.get(schema)! };
  }
}

/** OpenAPI 3.1 takes the newest JSON Schema, AsyncAPI one that is older. */
type Dialect = 'draft-2020-12' | 'draft-7';

/** Makes JSON Schema of zod's, and collects what has a name (`.meta({ id: 'Order' })`) for the components of a document. */
export class NamedSchemas {
  readonly all: Record<string, JsonSchema> = {};
  readonly #dialect: Dialect;
  readonly #metadata = new UniqueIds();
  readonly #originals = new Map<string, string>();

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /** `module` tells apart what two modules call the same. */
  schemaOf(schema: z.ZodType, direction: Direction, module: string): JsonSchema {
    const {
      $schema: _,
      $defs = {},
      definitions: named = $defs,
      ...json
    } = z.toJSONSchema(schema, {
      target: this.#dialect,
      io: direction,
      unrepresentable: 'any',
      metadata: this.#metadata,
      override: ({ zodSchema, jsonSchema }) => tidy(zodSchema, jsonSchema, direction),
    }) as JsonSchema & { $defs?: Record<string, JsonSchema>; definitions?: Record<string, JsonSchema> };

    const names = new Map<string, string>();
    for (const [id, definition] of Object.entries(named))
      names.set(id, this.#nameFor(id.split(separator)[0]!, definition, direction, module));
    for (const [id, definition] of Object.entries(named)) {
      this.all[names.get(id)!] ??= pointedAt(names, definition) as JsonSchema;
    }
    return pointedAt(names, json) as JsonSchema;
  }

  /** The id itself, or more than that where another schema has it already. */
  #nameFor(id: string, definition: JsonSchema, direction: Direction, module: string): string {
    const original = JSON.stringify(definition);
    const prefix = module.charAt(0).toUpperCase() + module.slice(1);
    const suffix = direction === 'input' ? 'Input' : '';
    const name = [id, id + suffix, prefix + id, prefix + id + suffix].find((candidate) => {
      const known = this.#originals.get(candidate);
      return known === undefined || known === original;
    });
    if (name === undefined) throw new TypeError(`Module ${module} has two schemas of the id ${id}.`);
    this.#originals.set(name, original);
    return name;
  }
}

/** Leaves out keywords that help neither reader nor client. */
function tidy(schema: z.core.$ZodTypes, json: JsonSchema, direction: Direction): void {
  // A format says more than the regular expression behind it.
  if (json.format !== undefined) delete json.pattern;
  if (json.maximum === largestInteger) delete json.maximum;
  if (json.minimum === -largestInteger) delete json.minimum;
  // Requests are refused with unknown fields. Answers may get new ones within a version, so clients must allow them.
  if (schema._zod.def.type !== 'object' || schema._zod.def.catchall) return;
  if (direction === 'input') json.additionalProperties = false;
  else delete json.additionalProperties;
}

/** The same with references into the components. */
function pointedAt(names: ReadonlyMap<string, string>, part: unknown): unknown {
  if (Array.isArray(part)) return part.map((item) => pointedAt(names, item));
  if (typeof part !== 'object' || part === null) return part;
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => {
      const id =
        key === '$ref' && typeof value === 'string' ? /^#\/(?:\$defs|definitions)\/(.+)$/.exec(value)?.[1] : undefined;
      return [key, id === undefined ? pointedAt(names, value) : `#/components/schemas/${names.get(id)}`];
    }),
  );
}
