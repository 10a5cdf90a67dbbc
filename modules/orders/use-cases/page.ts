/** A page of `limit` rows out of one row more than that: the one too many tells that there is another page. */
export function pageOf<Row>(limit: number, rows: Row[], cursorOf: (last: Row) => string) {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  return { data, nextCursor: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}
