/**
 * A module that had a schema in a database for all, and gets a database of its own, finds there what it had. PostgreSQL
 * copies whole databases only, and fast, so that is what is done, and what belongs to others is taken out of the copy.
 */
import pg from 'pg';
import { toolSettings } from '#runtime/database/session-settings.ts';
import { Session } from '#runtime/database/session.ts';
import { StartupError } from '../startup-error.ts';
import { derivedRole, type DerivedRole } from './derived-role.ts';
import { placeOf } from './place.ts';

const objectInUse = '55006';

/** The role that the module has in the administrator's database; undefined where it has nothing there. */
export async function roleInSharedDatabase(admin: pg.Client, module: string): Promise<string | undefined> {
  const { role } = derivedRole(`${admin.database}_${module}`, admin);
  const { rowCount } = await admin.query(
    'SELECT FROM pg_namespace WHERE nspname = $1 AND pg_get_userbyid(nspowner) = $2',
    [module, role],
  );
  return rowCount ? role : undefined;
}

/** Creates the database of `owner` with the schema `module`, which `previousOwner` has in the administrator's. */
export async function createAsCopy(
  admin: pg.Client,
  module: string,
  owner: DerivedRole,
  previousOwner: string,
): Promise<void> {
  const [source = '', unfinished, finished] = [admin.database, `${owner.role}_unfinished`, owner.role].map(
    (name) => name && pg.escapeIdentifier(name),
  );
  // An interrupted start may have left one.
  await admin.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
  await admin
    .query(`CREATE DATABASE ${unfinished} TEMPLATE ${source} OWNER ${finished}`)
    .catch((error: { code?: string }) => {
      if (error.code !== objectInUse) throw error;
      throw new StartupError(
        `DATABASE_URL: somebody uses the database ${admin.database}, from which ${module} gets its data. Stop that program first.`,
        { cause: error },
      );
    });
  const copy = await connectBeside(admin, `${owner.role}_unfinished`);
  try {
    const { rows } = await copy.query<{ name: string }>(
      "SELECT nspname AS name FROM pg_namespace WHERE nspname NOT IN ($1, 'public', 'information_schema') AND NOT starts_with(nspname, 'pg_')",
      [module],
    );
    const others = rows.map(({ name }) => `DROP SCHEMA ${pg.escapeIdentifier(name)} CASCADE`);
    await copy.query([...others, `REASSIGN OWNED BY ${pg.escapeIdentifier(previousOwner)} TO ${finished}`].join(';\n'));
  } finally {
    await copy.end();
  }
  await admin.query(`ALTER DATABASE ${unfinished} RENAME TO ${finished}`);
}

async function connectBeside(admin: pg.Client, database: string): Promise<pg.Client> {
  const { password } = admin as pg.Client & { password?: string | null };
  const client = new Session({ ...placeOf(admin), database, ...(password && { password }), settings: toolSettings });
  await client.connect();
  return client;
}
