import type { Database } from '#platform/database.ts';
import { exportPatience, type Exports } from '../domain/exports.ts';

/** By the clock of the database, which all processes share. */
export function postgresExports(database: Database): Exports {
  return {
    async begin(userId, exportId) {
      const { rows } = await database.query<{ begun: boolean; waitFor: number | null }>(
        `with begun as (
           insert into exports as held (user_id, export_id, expires_at) values ($1, $2, now() + $3::int * interval '1 second')
           on conflict (user_id) do update set export_id = excluded.export_id, expires_at = excluded.expires_at
             where held.expires_at <= now()
           returning user_id
         )
         select exists (select from begun) as begun,
           (select ceil(extract(epoch from expires_at - now()))::int from exports where user_id = $1) as "waitFor"`,
        [userId, exportId, exportPatience],
      );
      const [{ begun, waitFor } = { begun: false, waitFor: null }] = rows;
      return begun ? undefined : { waitFor: Math.max(1, waitFor ?? exportPatience) };
    },

    async goOn(userId, exportId) {
      const { rowCount } = await database.query(
        "update exports set expires_at = now() + $3::int * interval '1 second' where user_id = $1 and export_id = $2",
        [userId, exportId, exportPatience],
      );
      return rowCount === 1;
    },

    async end(userId, exportId) {
      await database.query('delete from exports where user_id = $1 and export_id = $2', [userId, exportId]);
    },
  };
}
