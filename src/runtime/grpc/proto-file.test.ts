import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { api, command, errors, query, type Api } from '#platform/contract.ts';
import { protoFile, type Numbers } from './proto-file.ts';

const LibraryErrors = errors('library', {
  bookLent: ['conflict', 'The book is lent.'],
  bookNotFound: ['not-found', 'No such book.'],
});
const Genre = z.enum(['novel', 'short-story', 'DIY']);
const Shelf = z.object({ room: z.string(), level: z.int().min(-3).max(40) }).describe('where it stands');
const Book = z.object({
  id: z.uuid(),
  genre: Genre,
  shelf: Shelf,
  loans: z.array(z.object({ since: z.iso.datetime(), reader: z.string().nullable().describe('null once they left') })),
});
const LibraryApi = api('library', {
  findBook: query(1, { input: z.object({ id: z.uuid() }), output: Book, errors: [LibraryErrors.bookNotFound] }),
  lendBook: command(1, {
    summary: 'Lends a book to a reader.',
    input: z.object({
      book: z.uuid(),
      days: z.int().min(1).max(30).default(14),
      note: z.string().nullable().optional().describe('null removes it'),
      from: Shelf.describe('must be the shelf it stands on').optional(),
    }),
    output: z.object({ lent: z.array(Book), price: z.number(), isFirst: z.boolean(), copies: z.int().optional() }),
    errors: [LibraryErrors.bookNotFound, LibraryErrors.bookLent],
  }),
});
const contract = { LibraryApi, Genre, Shelf, Book };

const fileOf = (offered: Api, exports: Record<string, unknown> = contract, released: Record<string, Numbers> = {}) =>
  protoFile({ module: 'library', api: offered, exports: new Map([['library', exports]]), released });
const taking = (input: z.ZodObject) =>
  api('library', { lend: command(1, { input, output: z.object({}), errors: [] }) });
/** The body of a message or enum. */
const bodyOf = (name: string, file: string) =>
  new RegExp(`^(?:message|enum) ${name} \\{\\n([^]*?)\\n\\}`, 'm')
    .exec(file)?.[1]!
    .split('\n')
    .map((line) => line.trim());

describe('a .proto file', () => {
  it('says in protobuf what the contract says in zod', () => {
    expect(fileOf(LibraryApi)).toMatchInlineSnapshot(`
      "// Written by \`npm run proto\` from modules/library/contract.ts. Change the contract, and not this file.
      // The numbers of what was released are kept in architecture-tests/contract-lock.json.
      syntax = "proto3";

      package fissile.library.v1;

      import "google/protobuf/struct.proto";

      service Library {
        // Fails with library.book-not-found.
        rpc FindBook(FindBookRequest) returns (Book) {
          option idempotency_level = NO_SIDE_EFFECTS;
        }

        // Lends a book to a reader.
        // Fails with library.book-not-found, library.book-lent.
        rpc LendBook(LendBookRequest) returns (LendBookResponse);
      }

      message FindBookRequest {
        // a UUID
        string id = 1;
      }

      message Book {
        message Loan {
          // RFC 3339, such as 2026-01-31T12:00:00.000Z
          string since = 1;
          // absent stands for null; null once they left
          optional string reader = 2;
        }

        // a UUID
        string id = 1;
        Genre genre = 2;
        Shelf shelf = 3;
        repeated Loan loans = 4;
      }

      enum Genre {
        GENRE_UNSPECIFIED = 0;
        GENRE_NOVEL = 1;
        GENRE_SHORT_STORY = 2;
        GENRE_DIY = 3;
      }

      // where it stands
      message Shelf {
        string room = 1;
        int32 level = 2;
      }

      message LendBookRequest {
        // a UUID
        string book = 1;
        // 14 where absent
        optional int32 days = 2;
        // null removes it
        oneof note_or_null {
          string note = 3;
          google.protobuf.NullValue note_null = 4;
        }
        // must be the shelf it stands on
        optional Shelf from = 5;
      }

      message LendBookResponse {
        repeated Book lent = 1;
        double price = 2;
        bool is_first = 3;
        optional int64 copies = 4;
      }
      "
    `);
  });

  it('is the same whenever it is written', () => {
    expect(fileOf(LibraryApi)).toBe(fileOf(LibraryApi));
  });

  it('names what another contract exports after its module', () => {
    const file = protoFile({
      module: 'club',
      api: api('club', { read: command(1, { input: z.object({ book: Book }), output: z.object({}), errors: [] }) }),
      exports: new Map<string, Record<string, unknown>>([
        ['club', {}],
        ['library', contract],
      ]),
      released: {},
    });
    expect(bodyOf('ReadRequest', file)).toEqual(['LibraryBook book = 1;']);
    expect(bodyOf('LibraryGenre', file)).toContain('LIBRARY_GENRE_SHORT_STORY = 2;');
  });

  it('reaches a message past an rpc of the same name', () => {
    const Return = z.object({ book: z.string() });
    const offered = api('library', { return: command(1, { input: z.object({}), output: Return, errors: [] }) });
    expect(fileOf(offered, { Return })).toContain('rpc Return(ReturnRequest) returns (.fissile.library.v1.Return);');
  });

  it('breaks long descriptions into lines', () => {
    const file = fileOf(taking(z.object({ title: z.string().describe('word '.repeat(60)) })));
    expect(Math.max(...file.split('\n').map((line) => line.length))).toBeLessThan(120);
    expect(file.match(/word/g)).toHaveLength(60);
  });
});

describe('numbers', () => {
  const released = {
    LendRequest: { numbers: { title: 1, note: 2, days: 5 }, reserved: [3, 'colour'] },
    Genre: { numbers: { GENRE_UNSPECIFIED: 0, GENRE_NOVEL: 1, GENRE_PLAY: 2, GENRE_DIY: 3 }, reserved: [] },
  };

  it('count from 1 in the order of the contract', () => {
    expect(bodyOf('LendRequest', fileOf(taking(z.object({ title: z.string(), days: z.int() }))))).toEqual([
      'string title = 1;',
      'int64 days = 2;',
    ]);
  });

  it('stay with what was released, wherever it stands now', () => {
    const input = z.object({ days: z.int(), note: z.string(), title: z.string() });
    expect(bodyOf('LendRequest', fileOf(taking(input), contract, released))).toEqual([
      'reserved 3;',
      'reserved "colour";',
      'int64 days = 5;',
      'string note = 2;',
      'string title = 1;',
    ]);
  });

  it('of what is new come after all that were ever released', () => {
    const input = z.object({ shelf: z.string(), title: z.string(), note: z.string(), days: z.int(), room: z.string() });
    expect(bodyOf('LendRequest', fileOf(taking(input), contract, released))).toEqual(
      expect.arrayContaining(['string shelf = 6;', 'string room = 7;']),
    );
  });

  it('of what is gone are reserved, with their names', () => {
    expect(bodyOf('LendRequest', fileOf(taking(z.object({ title: z.string() })), contract, released))).toEqual([
      'reserved 2, 3, 5;',
      'reserved "colour", "days", "note";',
      'string title = 1;',
    ]);
  });

  it('of values of an enum follow the same rules', () => {
    expect(bodyOf('Genre', fileOf(taking(z.object({ genre: Genre })), contract, released))).toEqual([
      'reserved 2;',
      'reserved "GENRE_PLAY";',
      'GENRE_UNSPECIFIED = 0;',
      'GENRE_NOVEL = 1;',
      'GENRE_SHORT_STORY = 4;',
      'GENRE_DIY = 3;',
    ]);
  });

  it('are not given to a name that is reserved', () => {
    expect(() => fileOf(taking(z.object({ colour: z.string() })), contract, released)).toThrow(
      'LendRequest: there was another colour once, which old peers may still send. Take another name',
    );
  });

  it('can be read by protobuf tools', () => {
    const { root } = protobuf.parse(fileOf(taking(z.object({ title: z.string() })), contract, released));
    expect(root.lookupType('fissile.library.v1.LendRequest').reserved).toEqual([
      [2, 2],
      [3, 3],
      [5, 5],
      'colour',
      'days',
      'note',
    ]);
  });
});

describe('what has no form in protobuf', () => {
  const Tree = z.object({
    get children() {
      return z.array(Tree);
    },
  });
  it.each<[what: string, schema: z.ZodType, told: string]>([
    [
      'a union',
      z.union([z.string(), z.int()]),
      'union has no type in protobuf. Make it an object with an optional field for each kind',
    ],
    ['a record', z.record(z.string(), z.int()), 'record has no type in protobuf. Make it a list of { key, value }'],
    ['a tuple', z.tuple([z.string()]), 'tuple has no type in protobuf. Make it an object with a field for each place'],
    ['a date', z.date(), 'date has no type in protobuf. Take z.iso.datetime()'],
    ['a bigint', z.bigint(), 'bigint has no type in protobuf. Take z.int(), or a text'],
    ['anything', z.unknown(), 'unknown has no type in protobuf. Say what it is'],
    ['a transformation', z.string().transform(Number), 'pipe has no type in protobuf. Transform it in the use case'],
    ['a symbol', z.symbol(), 'symbol has no type in protobuf. Take objects, lists, enums, texts, numbers and booleans'],
    ['a number as a literal', z.literal(7), 'only texts can be literals'],
    ['an enum of numbers', z.enum({ one: 1 } as never), 'the values of an enum are texts'],
    ['a list that may be absent', z.array(z.string()).optional(), 'an absent list cannot be told from an empty one'],
    ['a list that may be null', z.array(z.string()).nullable(), 'an absent list cannot be told from an empty one'],
    ['a list of lists', z.array(z.array(z.string())), 'a list holds plain values only. Make each item an object'],
    ['a list with gaps', z.array(z.string().nullable()), 'a list holds plain values only. Make each item an object'],
    ['fields without names', z.looseObject({}), 'a message has only the fields it names'],
    ['what contains itself', Tree, 'it contains itself, so that it could be nested without end'],
    ['values of one name', z.enum(['a-b', 'a_b']), 'a-b and a_b would both be called FIELD_A_B'],
    [
      'the name of another type',
      z.object({ genre: z.object({}) }),
      'its type would be called Genre, as another one is',
    ],
    ['a name that comes back as another', z.object({ user_id: z.string() }), 'the name of a field is in camelCase'],
  ])('is refused where it stands, with what to do: %s', (_, schema, told) => {
    const look = () => fileOf(taking(z.object({ field: schema })));
    expect(look).toThrow(/^library\.lend\.input\.field(\.\w+)*: /);
    expect(look).toThrow(told);
  });

  it('is refused as an answer: what is no object', () => {
    const offered = api('library', { list: query(1, { input: z.object({}), output: z.array(Book), errors: [] }) });
    expect(() => fileOf(offered)).toThrow('library.list.output: an answer is an object. Put it into z.object({ ... })');
  });

  it('is refused as a name: what is taken', () => {
    const LendRequest = z.object({});
    const offered = taking(z.object({ more: LendRequest }));
    expect(() => fileOf(offered, { LendRequest })).toThrow('two things would be called LendRequest');
    const Library = z.object({});
    expect(() => fileOf(taking(z.object({ more: Library })), { Library })).toThrow(
      'two things would be called Library',
    );
  });
});
