import type { Database } from '#platform/database.ts';
import type { People, Person } from '../domain/people.ts';

const columns = 'id, name';

export const storedPeople = (database: Database): People => ({
  async find(id) {
    const { rows } = await database.query(`SELECT ${columns} FROM people WHERE id = $1`, [id]);
    return rows[0] as Person | undefined;
  },
});
