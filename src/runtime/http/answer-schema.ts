import { z } from 'zod';
import { copyOf, definitionOf, type Schema } from './schema-copy.ts';

/**
 * The same schema without the formats and bounds of its texts and numbers. An answer is our own: what matters is that
 * it has the declared fields and types and no others (S31), while checking every id and date in it once more would
 * cost seven times as much.
 */
export const forAnswers = <S extends z.ZodType>(schema: S): S =>
  copyOf(schema, { beforeTransforms: false, otherFields: ({ catchall }) => catchall, leaf: withoutChecks });

const text = z.string();
const number = z.number();

function withoutChecks(schema: Schema): Schema {
  const definition = definitionOf(schema) as { type: string; coerce?: boolean; checks?: z.core.$ZodCheck[] };
  // Trimming and the like are checks to zod, and change what is sent.
  const changesValue = definition.checks?.some(({ _zod }) => _zod.def.check === 'overwrite');
  if (definition.coerce || changesValue) return schema;
  if (definition.type === 'string') return text;
  return definition.type === 'number' ? number : schema;
}
