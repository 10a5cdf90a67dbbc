/**
 * Finds moments that were written before each session of ours was in UTC. An id of version 7 carries the time at which it
 * was made, so where a table has one for each row, the moment of the row's creation can be compared with it: what differs
 * by hours, and to the minute as time zones do, was written in a session of another zone.
 */
import pg from 'pg';

export interface ShiftedMoments {
  /** `schema.table.column`. */
  readonly column: string;
  /** How many rows look shifted, and how many there are to compare. */
  readonly shifted: number;
  readonly rows: number;
  /** By how much they are later than the ids; less than 0: earlier. */
  readonly minutes: number;
  /** When the first and the last of them were made. */
  readonly first: Date;
  readonly last: Date;
}

/** Time zones differ by multiples of a quarter of an hour, from 12 hours behind UTC to 14 ahead. */
const quarter = 15 * 60;
const largestShift = 14 * 60 * 60;
/** Seconds that may pass between the making of an id and the moment that is stored with it. */
const tolerance = 60;

/** One for each column and shift. Reads whole tables. `client` is of the module's role or of the administrator. */
export async function shiftedMoments(client: pg.ClientBase, schema: string): Promise<readonly ShiftedMoments[]> {
  const found: ShiftedMoments[] = [];
  for (const { table, moment, ...names } of await creations(client, schema)) {
    const [column, id] = [moment, names.id].map((name) => pg.escapeIdentifier(name));
    const { rows } = await client.query<Omit<ShiftedMoments, 'column'>>(
      `WITH made AS (
          SELECT ${column} AS moment, to_timestamp(('x' || lpad(translate(left(${id}::text, 13), '-', ''), 16, '0'))::bit(64)::bigint / 1000.0) AS made_at
          FROM ${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(table)} WHERE substr(${id}::text, 15, 1) = '7'),
        compared AS (SELECT made_at, extract(epoch FROM moment - made_at) AS off FROM made),
        rounded AS (SELECT made_at, off, round(off / ${quarter}) * ${quarter} AS shift FROM compared)
      SELECT (shift / 60)::int AS minutes, count(*)::int AS shifted, (SELECT count(*)::int FROM made) AS rows, min(made_at) AS first, max(made_at) AS last
      FROM rounded
      WHERE shift <> 0 AND abs(shift) <= ${largestShift} AND abs(off - shift) <= ${tolerance}
      GROUP BY shift ORDER BY shift`,
    );
    found.push(...rows.map((row) => ({ column: `${schema}.${table}.${moment}`, ...row })));
  }
  return found;
}

/** Tables in which an id tells one row from the others, and their first moment that is never missing: that of the row's creation. */
async function creations(client: pg.ClientBase, schema: string) {
  const { rows } = await client.query<{ table: string; id: string; moment: string }>(
    `SELECT DISTINCT ON (pg_class.oid) relname AS table, id.attname AS id, moment.attname AS moment
      FROM pg_class
      JOIN pg_index ON indrelid = pg_class.oid AND indisunique AND indnkeyatts = 1
      JOIN pg_attribute AS id ON id.attrelid = pg_class.oid AND id.attnum = indkey[0] AND id.atttypid = 'uuid'::regtype
      JOIN pg_attribute AS moment ON moment.attrelid = pg_class.oid AND moment.attnum > 0 AND moment.attnotnull AND moment.atttypid = 'timestamptz'::regtype
      WHERE relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND relkind = 'r'
      ORDER BY pg_class.oid, indisprimary DESC, id.attnum, moment.attnum`,
    [schema],
  );
  return rows;
}
