import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { streamedJson, streamedLines } from './streamed-answer.ts';

const Book = z.object({ title: z.string(), pages: z.int().optional() });
const Library = z.object({
  name: z.string(),
  owner: z.string().nullable(),
  shelf: z.object({ label: z.string(), books: z.array(Book) }),
  lent: z.array(Book),
});
const write = streamedJson(Library);

async function* pages<T>(...all: T[][]) {
  yield* all;
}

async function written(value: unknown): Promise<unknown> {
  let text = '';
  for await (const part of write(value)) text += part;
  return JSON.parse(text);
}

const emma = { title: 'Emma' };
const ulysses = { title: 'Ulysses', pages: 730 };

describe('an answer that is streamed', () => {
  it('is the JSON that it would be in one piece', async () => {
    const whole = {
      name: 'Bodleian',
      owner: null,
      shelf: { label: 'A', books: [emma, ulysses, emma] },
      lent: [ulysses],
    };
    expect(
      await written({
        ...whole,
        shelf: { label: 'A', books: pages([emma], [], [ulysses, emma]) },
        lent: pages([ulysses]),
      }),
    ).toEqual(whole);
    expect(await written({ ...whole, lent: pages<typeof emma>() })).toEqual({ ...whole, lent: [] });
    expect(await written(whole)).toEqual(whole);
  });

  it('S31 holds nothing that its schema does not name, however deep', async () => {
    const secret = { ...emma, borrower: 'Ada' };
    const text = JSON.stringify(
      await written({
        name: 'B',
        owner: null,
        shelf: { label: 'A', code: 7, books: pages([secret]) },
        lent: [secret],
        vault: pages([secret]),
      }),
    );
    expect(text).not.toMatch(/Ada|vault|code/);
  });

  it('reads on only when somebody takes what was read', async () => {
    const read: number[] = [];
    const endless = (async function* () {
      for (;;) {
        read.push(read.length);
        yield [emma];
      }
    })();
    const parts = write({ name: 'B', owner: null, shelf: { label: 'A', books: endless }, lent: [] });
    while (read.length < 3) await parts.next();
    expect(read).toEqual([0, 1, 2]);
    await parts.return(undefined);
    expect(await endless.next()).toMatchObject({ done: true });
  });

  it('breaks off where a list does', async () => {
    const broken = (async function* () {
      yield [emma];
      throw new Error('the shelf fell over');
    })();
    await expect(written({ name: 'B', owner: null, shelf: { label: 'A', books: broken }, lent: [] })).rejects.toThrow(
      'the shelf fell over',
    );
  });
});

describe('an answer in JSON Lines', () => {
  it('S31 is a line for each item, with what the schema names', async () => {
    const parts: string[] = [];
    const shelf = pages<object>([emma, { ...ulysses, borrower: 'Ada' }], [], [{ title: 'two\nlines' }]);
    for await (const part of streamedLines(z.array(Book))(shelf)) parts.push(part);
    expect(
      parts
        .join('')
        .split('\n')
        .map((line) => line && JSON.parse(line)),
    ).toEqual([emma, ulysses, { title: 'two\nlines' }, '']);
  });
});
