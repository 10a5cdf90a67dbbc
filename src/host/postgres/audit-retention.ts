// ADR 0090
import pg from 'pg';

/** Has the module's audit log kept for so many days from now on. `connection` is the owner's of the table; one statement where nothing is new. */
export async function keepAuditLogFor(days: number, connection: pg.ClientBase, module: string): Promise<void> {
  const schema = pg.escapeIdentifier(module);
  const { rows } = await connection.query<{ current: boolean }>(
    `SELECT ${schema}.audit_retention() = make_interval(days => $1) AS current`,
    [days],
  );
  if (rows[0]?.current) return;
  // Two programs may start at once, and a function cannot be replaced twice at the same time.
  await connection.query(`
    BEGIN;
    SELECT pg_advisory_xact_lock(hashtext('fissile audit'), hashtext(${pg.escapeLiteral(module)}));
    CREATE OR REPLACE FUNCTION ${schema}.audit_retention() RETURNS INTERVAL LANGUAGE sql STABLE RETURN INTERVAL '${Math.trunc(days)} days';
    COMMIT`);
}
