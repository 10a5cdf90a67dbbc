import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { decodeCursor, encodeCursor } from './cursor.ts';

const Position = z.strictObject({ placedAt: z.iso.datetime(), id: z.int() });
const position = { placedAt: '2030-01-01T12:00:00Z', id: 7 };

describe('a cursor', () => {
  it('leads back to where the page ended, and fits into a URL as it is', () => {
    const cursor = encodeCursor(position);
    expect(decodeCursor(Position, cursor)).toEqual(position);
    expect(encodeURIComponent(cursor)).toBe(cursor);
  });

  it.each([
    ['nothing', ''],
    ['no base64url', 'a+b/c='],
    ['no JSON', Buffer.from('{"id":').toString('base64url')],
    ['another position', encodeCursor({ offset: 7 })],
    ['more than a position', encodeCursor({ ...position, customerId: 'other' })],
    ['a novel', encodeCursor({ ...position, padding: 'x'.repeat(1_000) })],
  ])('that is %s is refused', (_, cursor) => {
    expect(() => decodeCursor(Position, cursor)).toThrow(expect.objectContaining({ code: 'platform.invalid-cursor', kind: 'invalid' }));
  });
});
