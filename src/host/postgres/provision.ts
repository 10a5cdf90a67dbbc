// ADR 0007
/**
 * Gives every module of a shared server its schema and its login role, which owns that schema and can reach nothing
 * else: no other module's tables, not the schema `public`, no right to make schemas or temporary tables.
 */
import pg from 'pg';
import type { ConnectionSettings } from '#runtime/database/postgres-database.ts';
import {
  moduleSettings,
  roleSettingStatements,
  settingEntries,
  storedSettings,
} from '#runtime/database/session-settings.ts';
import { StartupError } from '../startup-error.ts';
import { derivedRole, roleStatements, tooPowerful, type DerivedRole } from './derived-role.ts';
import { placeOf, tenantIn } from './place.ts';

const insufficientPrivilege = '42501';

interface ModuleRole extends DerivedRole {
  readonly module: string;
}

/** `client` is the administrator's. The result says how each module connects. Idempotent; one statement if all is there. */
export async function provision(
  client: pg.Client,
  modules: readonly string[],
): Promise<ReadonlyMap<string, ConnectionSettings>> {
  const database = client.database ?? '';
  const roles = rolesOf(client, modules);
  try {
    if (!(await isProvisioned(client, roles))) await createRoles(client, database, roles);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== insufficientPrivilege) throw error;
    throw new StartupError(
      `DATABASE_URL: the user ${client.user} may not prepare the database for the modules (${error.message}). It must own the database ${database} and have the right to create roles (CREATEROLE).`,
      { cause: error },
    );
  }
  return connectionsOf(client, modules);
}

/** How each module connects once it is provisioned: where the administrator does, or to a pooler that is `elsewhere`. */
export function connectionsOf(
  client: pg.Client,
  modules: readonly string[],
  elsewhere?: ConnectionSettings,
): ReadonlyMap<string, ConnectionSettings> {
  const place = elsewhere ?? placeOf(client);
  const ending = tenantIn(place.user, client);
  return new Map(
    rolesOf(client, modules).map(({ module, role, password }) => {
      const { password: _, ...rest } = place;
      return [module, { ...rest, user: role + ending, ...(password !== null && { password }) }];
    }),
  );
}

const rolesOf = (client: pg.Client, modules: readonly string[]): readonly ModuleRole[] =>
  modules.map((module) => ({ module, ...derivedRole(`${client.database ?? ''}_${module}`, client) }));

async function isProvisioned(client: pg.Client, roles: readonly ModuleRole[]): Promise<boolean> {
  const { rows } = await client.query<{ done: boolean }>(
    `SELECT count(*) = $4
        AND NOT has_schema_privilege('public', 'public', 'USAGE')
        AND NOT has_database_privilege('public', current_database(), 'CONNECT') AS done
      FROM unnest($1::text[], $2::text[], $3::text[], $5::json[]) AS wanted (module, role, mark, settings)
      JOIN pg_roles ON rolname = role AND rolcanlogin AND NOT (${tooPowerful})
      JOIN pg_namespace ON nspname = module AND nspowner = pg_roles.oid AND NOT has_schema_privilege('public', pg_namespace.oid, 'USAGE')
      WHERE shobj_description(pg_roles.oid, 'pg_authid') = mark
        AND has_database_privilege(pg_roles.oid, current_database(), 'CONNECT')
        AND ${storedSettings('pg_roles.oid', '(SELECT oid FROM pg_database WHERE datname = current_database())')} @> ARRAY(SELECT json_array_elements_text(settings))`,
    [
      roles.map(({ module }) => module),
      roles.map(({ role }) => role),
      roles.map(({ mark }) => mark),
      roles.length,
      roles.map(({ module }) => JSON.stringify(settingEntries(moduleSettings(module)))),
    ],
  );
  return rows[0]?.done ?? false;
}

/** All in one transaction and under a lock: two programs may start at once. */
async function createRoles(client: pg.Client, database: string, roles: readonly ModuleRole[]): Promise<void> {
  const db = pg.escapeIdentifier(database);
  const statements = roles.flatMap((moduleRole) => {
    const [name, schema] = [pg.escapeIdentifier(moduleRole.role), pg.escapeIdentifier(moduleRole.module)];
    return [
      ...roleStatements(moduleRole),
      `DO $$ BEGIN
        IF to_regnamespace(${pg.escapeLiteral(schema)}) IS NULL THEN CREATE SCHEMA ${schema}; END IF;
        ALTER SCHEMA ${schema} OWNER TO ${name};
      END $$`,
      `REVOKE ALL ON SCHEMA ${schema} FROM PUBLIC`,
      `GRANT CONNECT ON DATABASE ${db} TO ${name}`,
      ...roleSettingStatements(moduleRole.role, database, moduleSettings(moduleRole.module)),
    ];
  });
  const all = [
    'BEGIN',
    "SELECT pg_advisory_xact_lock(hashtext('fissile provision'))",
    `REVOKE ALL ON DATABASE ${db} FROM PUBLIC`,
    'REVOKE ALL ON SCHEMA public FROM PUBLIC',
    ...statements,
    'COMMIT',
  ];
  try {
    await client.query(all.join(';\n'));
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/**
 * A module with a server of its own (`ORDERS_DATABASE_URL`) uses it as it is: its role has to own the schema, or be
 * able to create it. In production it may not be able to do what the role of another module could.
 */
export async function checkOwnDatabase(
  client: pg.Client,
  module: string,
  options: { variable: string; otherModules: readonly string[]; production: boolean },
): Promise<void> {
  const { variable, otherModules, production } = options;
  const { rows } = await client.query<{
    superuser: boolean;
    owns: boolean | null;
    creates: boolean;
    reads: string | null;
  }>(
    `SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
        (SELECT pg_has_role(nspowner, 'USAGE') FROM pg_namespace WHERE nspname = $1) AS owns,
        has_database_privilege(current_database(), 'CREATE') AS creates,
        (SELECT min(nspname) FROM pg_namespace WHERE nspname = ANY ($2) AND has_schema_privilege(oid, 'USAGE')) AS reads`,
    [module, otherModules],
  );
  const [found] = rows;
  if (!(found?.owns ?? found?.creates)) {
    throw new StartupError(
      `${variable}: the user ${client.user} must own the schema "${module}", or be able to create it in the database ${client.database}.`,
    );
  }
  if (!production) return;
  if (found?.superuser) {
    throw new StartupError(
      `${variable}: the user ${client.user} is a superuser, which no module may be in production. Give it a role of its own.`,
    );
  }
  if (found?.reads) {
    throw new StartupError(
      `${variable}: the user ${client.user} can reach the schema "${found.reads}" of another module. Give ${module} a role that cannot.`,
    );
  }
}

/** A standby takes no statement that writes, and neither does a database on which somebody turned that off. */
export async function checkWritable(client: pg.Client, variable: string): Promise<void> {
  const { rows } = await client.query<{ standby: boolean; readonly: boolean }>(
    "SELECT pg_is_in_recovery() AS standby, current_setting('transaction_read_only')::bool AS readonly",
  );
  if (rows[0]?.standby)
    throw new StartupError(`${variable}: this server is a standby, which is read-only. It must lead to the primary.`);
  if (rows[0]?.readonly)
    throw new StartupError(
      `${variable}: the database is read-only for the user ${client.user} (default_transaction_read_only is on), and this program writes.`,
    );
}
