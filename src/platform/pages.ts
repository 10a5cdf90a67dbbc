// ADR 0034
/** Pages of lists: bounded in items by who asks, and in bytes whatever the items hold. */

import { platformErrors } from './errors.ts';

/** Items of a whole list in one answer. */
const mostItems = 1_000;
/** Bytes of JSON, which are more than those of the same page in a message: a message may have four times as many. */
export const mostBytes = 1_048_576;

export interface Page<Item> {
  readonly data: Item[];
  /** Null on the last page. */
  readonly nextCursor: string | null;
}

/**
 * A page of at most `limit` items out of one item more than that: the one too many tells that there is another page.
 * It is shorter than `limit` where the items are large; one item is always in it.
 */
export function pageOf<Item>(limit: number, found: readonly Item[], cursorOf: (last: Item) => string): Page<Item> {
  const data: Item[] = [];
  let bytes = 0;
  for (const item of found.slice(0, limit)) {
    bytes += Buffer.byteLength(JSON.stringify(item));
    if (bytes > mostBytes && data.length > 0) break;
    data.push(item);
  }
  const last = data.at(-1);
  return { data, nextCursor: last !== undefined && found.length > data.length ? cursorOf(last) : null };
}

/**
 * A page where there is a limit; without one the whole list, or `unavailable` where that is too much for one answer:
 * callers that know of no pages would take a part for the whole. `list` gives at most so many items.
 */
export async function wholeOrPage<Item>(
  limit: number | undefined,
  list: (most: number) => Promise<readonly Item[]>,
  cursorOf: (last: Item) => string,
): Promise<Page<Item>> {
  const most = limit ?? mostItems;
  const page = pageOf(most, await list(most + 1), cursorOf);
  if (limit === undefined && page.nextCursor !== null) {
    throw platformErrors.unavailable(
      'This is too much for one answer. Try again when all processes are of the same version.',
    );
  }
  return page;
}
