import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { api, command, type Api } from '#platform/contract.ts';
import { MalformedMessage } from './message-codec.ts';
import { protoFile } from './proto-file.ts';
import { serviceCodec } from './service-codec.ts';
import { valuesOf } from './testing/values.ts';

const Genre = z.enum(['novel', 'short-story', 'DIY']);
const Shelf = z.object({ room: z.string(), level: z.int().min(-3).max(40) });
const Book = z.object({
  title: z.string(),
  language: z.literal('en'),
  genre: Genre,
  isLent: z.boolean(),
  pages: z.int().min(0).max(100_000),
  copies: z.int(),
  weight: z.number(),
  shelf: Shelf,
  tags: z.array(z.string()),
  genres: z.array(Genre),
  years: z.array(z.int()),
  marks: z.array(z.number()),
  answers: z.array(z.boolean()),
  loans: z.array(z.object({ since: z.iso.datetime(), reader: z.uuid().nullable() })),
  note: z.string().optional(),
  count: z.int().optional(),
  isRare: z.boolean().optional(),
  box: Shelf.optional(),
  kind: Genre.optional(),
  editor: z.string().nullable(),
  score: z.number().nullable(),
  spare: Shelf.nullable(),
  mood: Genre.nullable(),
  phone: z.string().nullable().optional(),
  place: Shelf.nullish(),
  style: Genre.nullish(),
  limit: z.int().min(1).max(100).default(20),
  reason: z.string().nullable().default('none'),
});

const codecOf = (offered: Api) =>
  serviceCodec(
    offered,
    protoFile({ module: 'library', api: offered, exports: new Map([['library', { Book, Genre }]]), released: {} }),
  );
/** Writes in one schema and reads in another of the same module. */
const codecFor = (input: z.ZodObject) => {
  const { lend } = Object.fromEntries(
    codecOf(api('library', { lend: command(1, { input, output: z.object({}), errors: [] }) })).operations,
  );
  return { path: lend!.path, encode: lend!.encodeInput, decode: lend!.decodeInput };
};
const over = (schema: z.ZodObject, value: unknown) => {
  const { encode, decode } = codecFor(schema);
  return decode(encode(value));
};

describe('a message', () => {
  it('comes out as it went in', () => {
    const { encode, decode } = codecFor(Book);
    fc.assert(
      fc.property(valuesOf(Book), (book) => {
        expect(decode(encode(book))).toStrictEqual(book);
      }),
      { numRuns: 200 },
    );
  });

  it('tells absent, null and empty apart', () => {
    const schema = z.object({
      absent: z.string().optional(),
      empty: z.string().optional(),
      zero: z.int().optional(),
      no: z.boolean().optional(),
      none: z.string().nullable(),
      blank: z.string().nullable(),
      nullish: z.string().nullish(),
      lost: z.string().nullish(),
      nothing: z.string().nullish(),
      list: z.array(z.string()),
      object: z.object({}).optional(),
    });
    const value = {
      empty: '',
      zero: 0,
      no: false,
      none: null,
      blank: '',
      nullish: null,
      nothing: '',
      list: [],
      object: {},
    };
    expect(over(schema, value)).toStrictEqual(value);
  });

  it('has its fields in the order of the contract', () => {
    const value = { b: 'x', a: 1, c: 'y' };
    const schema = z.object({ b: z.string(), a: z.int(), c: z.string() });
    expect(Object.keys(over(schema, { c: 'y', a: 1, b: 'x' }) as object)).toEqual(Object.keys(value));
  });

  it.each([0, 1, -1, 127, 128, 2 ** 31, 2 ** 42, -(2 ** 31) - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])(
    'carries the integer %d as a number',
    (amount) => {
      expect(over(z.object({ amount: z.int() }), { amount })).toStrictEqual({ amount });
    },
  );

  it.each([-0, 0, 0.1, -1e300, Infinity])('carries the number %d', (weight) => {
    expect(over(z.object({ weight: z.number() }), { weight })).toStrictEqual({ weight });
  });

  it('has the default of a field that the caller left out', () => {
    expect(over(z.object({ limit: z.int().default(20), sort: z.string().nullable().default('title') }), {})).toEqual({
      limit: 20,
      sort: 'title',
    });
  });

  it('loses what the contract does not name', () => {
    expect(over(z.object({ title: z.string() }), { title: 'Emma', shelf: 7 })).toEqual({ title: 'Emma' });
  });

  it('goes to the path of its operation', () => {
    expect(codecFor(Book).path).toBe('/fissile.library.v1.Library/Lend');
  });
});

describe('a newer peer', () => {
  const old = z.object({ title: z.string() });
  const newer = z.object({
    title: z.string(),
    box: Shelf.optional(),
    year: z.int().optional(),
    weight: z.number().optional(),
  });

  it('can send fields that are not known here', () => {
    const bytes = codecFor(newer).encode({ title: 'Emma', box: { room: 'A', level: 1 }, year: 1815, weight: 0.5 });
    expect(codecFor(old).decode(bytes)).toEqual({ title: 'Emma' });
  });

  it('understands who does not send them', () => {
    expect(codecFor(newer).decode(codecFor(old).encode({ title: 'Emma' }))).toEqual({ title: 'Emma' });
  });
});

describe('what is no message', () => {
  const expectRefusal = (schema: z.ZodObject, bytes: Buffer, message: string) =>
    expect(() => codecFor(schema).decode(bytes)).toThrow(new MalformedMessage(message));

  it('lacks an object', () => {
    expectRefusal(z.object({ shelf: Shelf }), Buffer.alloc(0), 'LendRequest.shelf is missing.');
  });

  it('lacks a value of an enum', () => {
    expectRefusal(z.object({ genre: Genre }), Buffer.alloc(0), 'LendRequest.genre is missing.');
  });

  it('has a value that only a newer peer knows', () => {
    const bytes = codecFor(z.object({ kind: z.enum(['novel', 'play', 'poem']) })).encode({ kind: 'poem' });
    expectRefusal(
      z.object({ kind: z.enum(['novel', 'play']) }),
      bytes,
      'LendRequest.kind has a value that is not known here: 3.',
    );
  });

  it('has an integer that no number holds', () => {
    const bytes = Buffer.from(protobuf.Writer.create().uint32(8).uint64('9007199254740993').finish());
    expectRefusal(z.object({ copies: z.int() }), bytes, 'LendRequest.copies is not an integer below 2^53.');
  });

  it('has a part that is longer than it says', () => {
    const schema = z.object({ shelf: Shelf, note: z.string().optional() });
    const shelf = Buffer.from([0x0a, 2, 0x0a, 5, ...Buffer.from('hello')]);
    expectRefusal(schema, shelf, 'Shelf is longer than it says.');
    const years = Buffer.from([0x0a, 1, 0x80, 1]);
    expectRefusal(z.object({ years: z.array(z.int()) }), years, 'LendRequest.years is longer than it says.');
  });

  it('ends too early', () => {
    const whole = codecFor(Book).encode(fc.sample(valuesOf(Book), { numRuns: 1, seed: 1 })[0]);
    for (let length = 0; length < whole.length; length++)
      expect(() => codecFor(z.object({ shelf: Shelf })).decode(whole.subarray(0, length))).toThrow(MalformedMessage);
  });

  it('is any bytes, and nothing else is thrown for them', () => {
    const { decode } = codecFor(Book);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decode(Buffer.from(bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage);
        }
      }),
    );
  });

  it.each([
    ['a text', z.object({ title: z.string() }), { title: 7 }, 'LendRequest.title is not a text.'],
    ['a number', z.object({ weight: z.number() }), { weight: '7' }, 'LendRequest.weight is not a number.'],
    ['an integer', z.object({ copies: z.int() }), { copies: 1.5 }, 'LendRequest.copies is not an integer below 2^53.'],
    [
      'a small integer',
      z.object({ pages: z.int().min(0).max(9) }),
      { pages: 2 ** 31 },
      'LendRequest.pages is not an int32.',
    ],
    ['true or false', z.object({ isLent: z.boolean() }), { isLent: 1 }, 'LendRequest.is_lent is not true or false.'],
    [
      'a value of the enum',
      z.object({ genre: Genre }),
      { genre: 'opera' },
      'LendRequest.genre is not one of novel, short-story, DIY.',
    ],
    ['an object', z.object({ shelf: Shelf }), { shelf: 'A' }, 'LendRequest.shelf is not an object.'],
    ['a list', z.object({ tags: z.array(z.string()) }), { tags: 'a' }, 'LendRequest.tags is not a list.'],
    ['there', z.object({ title: z.string() }), {}, 'LendRequest.title is missing.'],
    ['anything but null', z.object({ title: z.string().optional() }), { title: null }, 'LendRequest.title is missing.'],
    ['null or a text', z.object({ title: z.string().nullable() }), {}, 'LendRequest.title is missing.'],
  ])('is not sent: what should be %s', (_, schema, value, message) => {
    expect(() => codecFor(schema).encode(value)).toThrow(new MalformedMessage(message));
  });
});

describe('a peer in another language', () => {
  const offered = api('library', { find: command(1, { input: Book, output: Book, errors: [] }) });
  const proto = protoFile({
    module: 'library',
    api: offered,
    exports: new Map([['library', { Book, Genre }]]),
    released: {},
  });
  const { root } = protobuf.parse(proto, { keepCase: false });
  root.addJSON(protobuf.common.get('google/protobuf/struct.proto')!.nested!);
  const type = root.lookupType('fissile.library.v1.Book');
  const find = serviceCodec(offered, proto).operations.get('find')!;
  const here = {
    title: 'Emma',
    language: 'en',
    genre: 'short-story',
    isLent: false,
    pages: 474,
    copies: 2 ** 40,
    weight: 0.5,
    shelf: { room: 'A', level: -1 },
    tags: [],
    genres: ['novel', 'DIY'],
    years: [1815, -1],
    marks: [0.5],
    answers: [true, false],
    loans: [{ since: '2026-01-31T12:00:00.000Z', reader: null }],
    note: '',
    editor: null,
    score: 0,
    spare: null,
    mood: null,
    phone: null,
    place: { room: '', level: 0 },
    limit: 20,
    reason: null,
  };
  const there = {
    title: 'Emma',
    language: 'en',
    genre: 'GENRE_SHORT_STORY',
    pages: 474,
    copies: 2 ** 40,
    weight: 0.5,
    shelf: { room: 'A', level: -1 },
    genres: ['GENRE_NOVEL', 'GENRE_DIY'],
    years: [1815, -1],
    marks: [0.5],
    answers: [true, false],
    loans: [{ since: '2026-01-31T12:00:00.000Z' }],
    note: '',
    score: 0,
    phoneNull: 'NULL_VALUE',
    place: {},
    limit: 20,
    reasonNull: 'NULL_VALUE',
  };

  it('reads what is sent, from the .proto file alone', () => {
    expect(type.toObject(type.decode(find.encodeOutput(here)), { longs: Number, enums: String })).toEqual(there);
  });

  it('is understood', () => {
    expect(find.decodeOutput(Buffer.from(type.encode(type.fromObject(there)).finish()))).toStrictEqual(here);
  });

  it('may send the numbers of a list one by one', () => {
    const more = protobuf.Writer.create()
      .uint32(type.fields.years!.id << 3)
      .int64(3)
      .finish();
    const sent = Buffer.concat([type.encode(type.fromObject(there)).finish(), more]);
    expect(find.decodeOutput(sent)).toStrictEqual({ ...here, years: [1815, -1, 3] });
  });
});

describe('a .proto file that is older than the contract', () => {
  const offered = (input: z.ZodObject, names = ['lend']) =>
    api(
      'library',
      Object.fromEntries(names.map((name) => [name, command(1, { input, output: z.object({}), errors: [] })])),
    );
  const old = offered(z.object({ genre: z.enum(['novel']), pages: z.int().min(0).max(9) }));
  const proto = protoFile({ module: 'library', api: old, exports: new Map([['library', {}]]), released: {} });

  it.each([
    ['a field', offered(z.object({ title: z.string() })), 'LendRequest.title'],
    ['a value', offered(z.object({ genre: z.enum(['novel', 'play']) })), 'LendRequest.genre'],
    ['a type', offered(z.object({ pages: z.int() })), 'LendRequest.pages'],
    ['an operation', offered(z.object({}), ['lend', 'take']), 'Take'],
  ])('is refused, with what to do: %s is not in it', (_, newer, what) => {
    expect(() => serviceCodec(newer, proto)).toThrow(what);
    expect(() => serviceCodec(newer, proto)).toThrow('npm run proto');
  });
});
