/** Reads path and query, which come as text, by the schemas of their fields. */
import type { z } from 'zod';

type Read = (text: string | string[]) => unknown;
export type TextFields = Readonly<Record<string, string | string[] | undefined>>;

interface Definition {
  type: string;
  innerType?: z.core.$ZodType;
  in?: z.core.$ZodType;
}

const readNumber: Read = (text) => (typeof text === 'string' && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);
const readBoolean: Read = (text) => (text === 'true' ? true : text === 'false' ? false : text);
const readList: Read = (text) => (typeof text === 'string' ? [text] : text);

function readerOf(schema: z.core.$ZodType): Read | undefined {
  const { type, innerType, in: input } = schema._zod.def as unknown as Definition;
  if (type === 'number') return readNumber;
  if (type === 'boolean') return readBoolean;
  if (type === 'array') return readList;
  const inner = innerType ?? input;
  return inner && readerOf(inner);
}

/** Turns text into what the schema of the same name expects; text that is not that stays, for the schema to refuse. */
export function textReader(schema: z.ZodObject): (fields: TextFields) => Record<string, unknown> {
  const readers = new Map<string, Read>();
  for (const [name, field] of Object.entries(schema.shape)) {
    const reader = readerOf(field);
    if (reader) readers.set(name, reader);
  }
  return (fields) => {
    const values: Record<string, unknown> = { ...fields };
    for (const [name, read] of readers) {
      const text = fields[name];
      if (text !== undefined) values[name] = read(text);
    }
    return values;
  };
}
