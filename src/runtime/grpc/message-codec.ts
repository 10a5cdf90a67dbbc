// ADR 0040
/**
 * Messages of one zod schema in the binary form of one protobuf type. A message comes out as it went in: absent stays absent, null
 * stays null, and zero, false and empty texts and lists survive. Fields of a newer peer are skipped. Compiled once;
 * writes and reads the bytes without an object in between, since this is half of what a remote call costs beside HTTP/2.
 */
import protobuf from 'protobufjs';
import type { z } from 'zod';
import { fieldShape, isObject, valuesOfEnum, type FieldShape } from './message-fields.ts';
import { enumValueName, fieldName, nullFieldName } from './message-names.ts';

/** A value that is no message of its type, or bytes that are none. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage';
}

export interface MessageCodec {
  encode(message: object, writer: protobuf.Writer): void;
  /** Reads up to the position `end`. */
  decode(reader: protobuf.Reader, end: number): object;
}

/** How one value, without its tag, is written and read. */
interface Codec {
  readonly wireType: 0 | 1 | 2;
  /** The value that an absent field stands for; undefined where it has to be there. */
  readonly zero: unknown;
  write(writer: protobuf.Writer, value: unknown): void;
  /** Undefined for a value that stands for none. */
  read(reader: protobuf.Reader): unknown;
}

interface Field {
  encode(message: Record<string, unknown>, writer: protobuf.Writer): void;
  readonly key: string;
  /** The value of an absent field; undefined: nothing. Throws where there must be one. */
  absent(): unknown;
}

/** The action at a tag. */
type Read = (reader: protobuf.Reader, values: unknown[]) => void;

/** Compiles the codec; throws where the .proto file is older than the contract. */
export function messageCodec(schema: z.ZodObject, type: protobuf.Type): MessageCodec {
  const reads: Read[] = [];
  const fields = Object.entries(schema.shape).map(([key, field], index) =>
    compile(key, fieldShape(field as z.ZodType), index, type, reads),
  );
  const size = fields.length;
  const none = fields.map(() => undefined);
  return {
    encode(message, writer) {
      for (const field of fields) field.encode(message as Record<string, unknown>, writer);
    },
    decode(reader, end) {
      const values: unknown[] = none.slice();
      while (reader.pos < end) {
        const tag = reader.uint32();
        const read = reads[tag];
        if (read) read(reader, values);
        else reader.skipType(tag & 7);
      }
      if (reader.pos !== end) throw new MalformedMessage(`${type.name} is longer than it says.`);
      const message: Record<string, unknown> = {};
      for (let index = 0; index < size; index++) {
        const { key, absent } = fields[index]!;
        const value = values[index] === undefined ? absent() : values[index];
        if (value !== undefined) message[key] = value;
      }
      return message;
    },
  };
}

function compile(key: string, shape: FieldShape, index: number, type: protobuf.Type, reads: Read[]): Field {
  const { isList, isOptional, isNullable, fallback } = shape;
  const field = fieldOf(type, fieldName(key));
  const place = `${type.name}.${field.name}`;
  const codec = valueCodec(shape, field, place);
  const tag = (field.id << 3) | codec.wireType;
  const missing = (): never => {
    throw new MalformedMessage(`${place} is missing.`);
  };
  if (isList) return compileList(key, codec, index, field.id, reads, place);

  reads[tag] = (reader, values) => {
    values[index] = codec.read(reader);
  };
  if (isOptional && isNullable) {
    const nullTag = fieldOf(type, nullFieldName(key)).id << 3;
    reads[nullTag] = (reader, values) => {
      reader.int32();
      values[index] = null;
    };
    return {
      key,
      absent: fallback ?? (() => undefined),
      encode(message, writer) {
        const value = message[key];
        if (value === null) writer.uint32(nullTag).int32(0);
        else if (value !== undefined) codec.write(writer.uint32(tag), value);
      },
    };
  }
  if (isOptional || isNullable) {
    return {
      key,
      absent: fallback ?? (isNullable ? () => null : () => undefined),
      encode(message, writer) {
        const value = message[key];
        if (value !== undefined && value !== null) codec.write(writer.uint32(tag), value);
        else if ((value === undefined && !isOptional) || (value === null && !isNullable)) missing();
      },
    };
  }
  const { zero } = codec;
  return {
    key,
    absent: zero === undefined ? missing : () => zero,
    encode(message, writer) {
      const value = message[key];
      if (value === undefined || value === null) missing();
      if (!Object.is(value, zero)) codec.write(writer.uint32(tag), value);
    },
  };
}

function compileList(key: string, codec: Codec, index: number, id: number, reads: Read[], place: string): Field {
  const packs = codec.wireType !== 2;
  const tag = (id << 3) | 2;
  const add = (reader: protobuf.Reader, values: unknown[]) => {
    const value = codec.read(reader);
    if (value === undefined) wrong(place, 'a list without gaps');
    ((values[index] ??= []) as unknown[]).push(value);
  };
  reads[(id << 3) | codec.wireType] = add;
  if (packs) {
    reads[tag] = (reader, values) => {
      const length = reader.uint32();
      const end = reader.pos + length;
      while (reader.pos < end) add(reader, values);
      if (reader.pos !== end) throw new MalformedMessage(`${place} is longer than it says.`);
    };
  }
  return {
    key,
    absent: () => [],
    encode(message, writer) {
      const values = message[key];
      if (!Array.isArray(values)) wrong(place, 'a list');
      if (packs) {
        if ((values as unknown[]).length === 0) return;
        writer.uint32(tag).fork();
        for (const value of values as unknown[]) codec.write(writer, value);
        writer.ldelim();
      } else {
        for (const value of values as unknown[]) codec.write(writer.uint32(tag), value);
      }
    },
  };
}

function valueCodec(shape: FieldShape, field: protobuf.Field, place: string): Codec {
  if (shape.type === 'message' && isObject(shape.value)) return nested(shape.value, field, place);
  if (shape.type === 'enum') return enumerated(shape.value, field, place);
  if (field.type !== shape.type) throw outdated(place);
  return scalars[shape.type as 'string'](place);
}

const wrong = (place: string, expected: string): never => {
  throw new MalformedMessage(`${place} is not ${expected}.`);
};

const isInt32 = (value: unknown): value is number => value === ((value as number) | 0);
const isSafe = (value: unknown): value is number => Number.isSafeInteger(value);

const scalars: Readonly<Record<'string' | 'bool' | 'int32' | 'int64' | 'double', (place: string) => Codec>> = {
  string: (place) => ({
    wireType: 2,
    zero: '',
    write: (writer, value) => void (typeof value === 'string' ? writer.string(value) : wrong(place, 'a text')),
    read: (reader) => reader.string(),
  }),
  bool: (place) => ({
    wireType: 0,
    zero: false,
    write: (writer, value) => void (typeof value === 'boolean' ? writer.bool(value) : wrong(place, 'true or false')),
    read: (reader) => reader.bool(),
  }),
  int32: (place) => ({
    wireType: 0,
    zero: 0,
    write: (writer, value) => void (isInt32(value) ? writer.int32(value) : wrong(place, 'an int32')),
    read: (reader) => reader.int32(),
  }),
  int64: (place) => ({
    wireType: 0,
    zero: 0,
    write: (writer, value) => void (isSafe(value) ? writer.int64(value) : wrong(place, 'an integer below 2^53')),
    read(reader) {
      const read = integer(reader);
      return isSafe(read) ? read : wrong(place, 'an integer below 2^53');
    },
  }),
  double: (place) => ({
    wireType: 1,
    zero: 0,
    write: (writer, value) => void (typeof value === 'number' ? writer.double(value) : wrong(place, 'a number')),
    read: (reader) => reader.double(),
  }),
};

/** Most integers take few bytes, and are read without an object for their two halves. */
function integer(reader: protobuf.Reader): number {
  const { buf, pos } = reader;
  let value = 0;
  let factor = 1;
  for (let at = pos; at < pos + 7; at++) {
    const byte = buf[at];
    if (byte === undefined) break;
    value += (byte & 127) * factor;
    if (byte < 128) {
      reader.pos = at + 1;
      return value;
    }
    factor *= 128;
  }
  return Number(reader.int64());
}

function nested(schema: z.ZodObject, field: protobuf.Field, place: string): Codec {
  const type = field.parent?.lookup(field.type);
  if (!(type instanceof protobuf.Type)) throw outdated(place);
  const codec = messageCodec(schema, type);
  return {
    wireType: 2,
    zero: undefined,
    write(writer, value) {
      if (typeof value !== 'object' || value === null) wrong(place, 'an object');
      codec.encode(value as object, writer.fork());
      writer.ldelim();
    },
    read: (reader) => codec.decode(reader, reader.uint32() + reader.pos),
  };
}

function enumerated(schema: z.ZodType, field: protobuf.Field, place: string): Codec {
  const type = field.parent?.lookup(field.type);
  if (!(type instanceof protobuf.Enum)) throw outdated(place);
  const numbers = new Map<unknown, number>();
  const values: string[] = [];
  for (const value of valuesOfEnum(schema)) {
    const number = type.values[enumValueName(type.name, value)];
    if (number === undefined) throw outdated(place);
    numbers.set(value, number);
    values[number] = value;
  }
  return {
    wireType: 0,
    zero: undefined,
    write(writer, value) {
      const number = numbers.get(value);
      writer.int32(number ?? wrong(place, `one of ${[...numbers.keys()].join(', ')}`));
    },
    read(reader) {
      const number = reader.int32();
      if (number !== 0 && values[number] === undefined)
        throw new MalformedMessage(`${place} has a value that is not known here: ${number}.`);
      return values[number];
    },
  };
}

function fieldOf(type: protobuf.Type, name: string): protobuf.Field {
  const field = type.fields[name];
  if (!field) throw outdated(`${type.name}.${name}`);
  return field;
}

const outdated = (place: string): Error =>
  new Error(`The .proto file does not say what the contract says of ${place}: write it anew with npm run proto.`);
