/**
 * Gives every module a database of its own on one server, owned by a login role of the same name that can enter no
 * other: what each would have on a server of its own.
 */
import pg from 'pg';
import {
  moduleSettings,
  roleSettingStatements,
  settingEntries,
  storedSettings,
} from '#runtime/database/session-settings.ts';
import { StartupError } from '../startup-error.ts';
import { connectionUrlFor, parseConnectionUrl } from './connection-url.ts';
import { createAsCopy, roleInSharedDatabase } from './copy-schema.ts';
import { derivedRole, roleStatements, tooPowerful, type DerivedRole } from './derived-role.ts';
import { tenantIn } from './place.ts';

const insufficientPrivilege = '42501';
/** Every server has this database, and it is nobody's. */
const maintenanceDatabase = 'postgres';

export interface GivingOptions {
  readonly nameOf: (module: string) => string;
  readonly adminUrl?: string | undefined;
  /** Takes a line for the person who waits. */
  readonly announce: (line: string) => void;
}

/**
 * `admin` may create roles and databases. Returns the URL of each module's database for its own role, like `adminUrl` in
 * all else. Idempotent, and safe when two programs do it at once. A new database begins with what the module has in the
 * administrator's, if it has something there.
 */
export async function giveDatabases(
  admin: pg.Client,
  modules: readonly string[],
  { nameOf, adminUrl, announce }: GivingOptions,
): Promise<ReadonlyMap<string, string>> {
  const roles = rolesOf(admin, modules, nameOf);
  const copied: string[] = [];
  await admin.query("SELECT pg_advisory_lock(hashtext('fissile provision'))");
  try {
    await closeToPublic(admin);
    for (const role of roles) if (await give(admin, role)) copied.push(role.module);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== insufficientPrivilege) throw error;
    throw new StartupError(
      `DATABASE_URL: the user ${admin.user} may not create a database for each module (${error.message}). It needs the rights to create roles and databases (CREATEROLE, CREATEDB).`,
      { cause: error },
    );
  } finally {
    await admin.query("SELECT pg_advisory_unlock(hashtext('fissile provision'))");
  }
  if (copied.length > 0) {
    announce(
      `Each of ${copied.join(', ')} has a database of its own from now on, with a copy of what it had. Without a topology the program goes on with the old one.`,
    );
  }
  return databaseUrls(admin, modules, { nameOf, adminUrl });
}

/** The URL of each module's database once it has been given one. */
export const databaseUrls = (
  admin: pg.Client,
  modules: readonly string[],
  { nameOf, adminUrl = urlOf(admin) }: Pick<GivingOptions, 'nameOf' | 'adminUrl'>,
): ReadonlyMap<string, string> => {
  const ending = tenantIn(parseConnectionUrl(adminUrl).user, admin);
  return new Map(
    rolesOf(admin, modules, nameOf).map(({ module, role, password }) => [
      module,
      connectionUrlFor(adminUrl, { user: role + ending, password, database: role }),
    ]),
  );
};

/** Returns the modules that have been given one. */
export async function givenDatabases(
  admin: pg.Client,
  modules: readonly string[],
  nameOf: (module: string) => string,
): Promise<readonly string[]> {
  const roles = rolesOf(admin, modules, nameOf);
  const { rows } = await admin.query<{ datname: string }>('SELECT datname FROM pg_database WHERE datname = ANY ($1)', [
    roles.map(({ role }) => role),
  ]);
  return roles.filter(({ role }) => rows.some(({ datname }) => datname === role)).map(({ module }) => module);
}

const rolesOf = (admin: pg.Client, modules: readonly string[], nameOf: (module: string) => string) =>
  modules.map((module) => ({ module, ...derivedRole(nameOf(module), admin) }));

async function closeToPublic(admin: pg.Client): Promise<void> {
  if (admin.database === maintenanceDatabase) return;
  const { rows } = await admin.query("SELECT has_database_privilege('public', current_database(), 'CONNECT') AS open");
  if (rows[0]?.open)
    await admin.query(`REVOKE ALL ON DATABASE ${pg.escapeIdentifier(admin.database ?? '')} FROM PUBLIC`);
}

/** True where data was copied. */
async function give(admin: pg.Client, wanted: DerivedRole & { module: string }): Promise<boolean> {
  const { module, role, mark } = wanted;
  const settings = moduleSettings(module);
  const found = await look(admin, role, settingEntries(settings));
  if (found.ours === false) throw taken(`role ${role}`);
  if (found.owner !== null && found.owner !== role) throw taken(`database ${role}`);
  if (found.mark !== mark || found.powerful) await admin.query(roleStatements(wanted).join(';\n'));
  const name = pg.escapeIdentifier(role);
  const previousOwner = found.owner === null ? await roleInSharedDatabase(admin, module) : undefined;
  if (previousOwner !== undefined) await createAsCopy(admin, module, wanted, previousOwner);
  else if (found.owner === null) await admin.query(`CREATE DATABASE ${name} OWNER ${name}`);
  // The owner's rights are not the public's.
  if (found.open !== false) await admin.query(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC`);
  if (!found.configured) await admin.query(roleSettingStatements(role, role, settings).join(';\n'));
  return previousOwner !== undefined;
}

interface Found {
  /** Null where there is none. */
  readonly mark: string | null;
  readonly powerful: boolean | null;
  /** False where somebody else made the role. */
  readonly ours: boolean | null;
  readonly owner: string | null;
  /** To everybody. */
  readonly open: boolean | null;
  /** The role has the settings of its sessions. */
  readonly configured: boolean;
}

async function look(admin: pg.Client, name: string, entries: readonly string[]): Promise<Found> {
  const { rows } = await admin.query<Found>(
    `SELECT mark, powerful, CASE WHEN role IS NULL THEN NULL ELSE coalesce(starts_with(mark, 'fissile '), false) END AS ours,
        pg_get_userbyid(datdba)::text AS owner, has_database_privilege('public', pg_database.oid, 'CONNECT') AS open,
        ${storedSettings('role', 'pg_database.oid')} @> $2 AS configured
      FROM (SELECT) AS always
      LEFT JOIN (SELECT oid AS role, shobj_description(oid, 'pg_authid') AS mark, ${tooPowerful} AS powerful
        FROM pg_roles WHERE rolname = $1) AS roles ON true
      LEFT JOIN pg_database ON datname = $1`,
    [name, entries],
  );
  return rows[0]!;
}

const taken = (what: string) =>
  new StartupError(
    `DATABASE_URL: there is a ${what} already that this program did not make. Choose other names with "databases: shop_*" in the topology's file, or another server.`,
  );

/** A folder of sockets cannot stand where a host does, so it is given as a parameter, which goes before. */
function urlOf({ host, port }: pg.Client): string {
  const url = new URL(`postgresql://${host.startsWith('/') ? 'localhost' : host}:${port}`);
  if (host.startsWith('/')) url.searchParams.set('host', host);
  return url.href;
}
