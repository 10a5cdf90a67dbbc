/**
 * Cursors of paginated lists: opaque to the client, so that what they hold can change. They are not signed: what is
 * in one is checked like any other input, and a list looks only where its caller may.
 */
import type { z } from 'zod';
import { httpErrors } from './http-errors.ts';

const maxLength = 1_000;

export const encodeCursor = (position: unknown): string => Buffer.from(JSON.stringify(position)).toString('base64url');

/** The position after which the next page starts; `platform.invalid-cursor` for anything that `encodeCursor` did not make. */
export function decodeCursor<S extends z.ZodType>(schema: S, cursor: string): z.output<S> {
  try {
    if (cursor.length > maxLength || !/^[\w-]+$/.test(cursor)) throw new TypeError('This is no base64url.');
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch (cause) {
    throw httpErrors.invalidCursor({ cause });
  }
}
