// ADR 0014
/**
 * Settings of every session of ours, whatever the server, the database, the role or a pooler say: the one table of them. Add a
 * setting here and it holds on each connection, and on the roles that we make. Values are text in PostgreSQL's base unit
 * (milliseconds for timeouts, seconds for keepalives), as `pg_settings` shows them, and any user may set them.
 */
import pg from 'pg';

export type SessionSettings = Readonly<Record<string, string>>;

/** Conventions that drivers and statements take for granted. Prisma reads and writes moments as if each session were in UTC. */
const conventions = {
  TimeZone: 'UTC',
  DateStyle: 'ISO, MDY',
  IntervalStyle: 'postgres',
  default_transaction_isolation: 'read committed',
};

/**
 * Limits that end work which takes too long. A lock that somebody else keeps, such as a host that has vanished, is waited for
 * less long than a request may take; and nothing that we do within a transaction waits for anything but the database.
 */
const limits = {
  statement_timeout: '30000',
  lock_timeout: '1500',
  idle_in_transaction_session_timeout: '5000',
};

/**
 * A peer that vanished without closing its connections is noticed after 15 seconds, and not after two hours. The server
 * ignores this where a connection is a Unix socket.
 */
const keepalives = {
  tcp_keepalives_idle: '5',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '2',
  tcp_user_timeout: '15000',
};

/** The sessions that do a module's work, and its role. */
export const moduleSettings = (
  schema: string,
  statementTimeout = Number(limits.statement_timeout),
): SessionSettings => ({
  ...conventions,
  ...keepalives,
  search_path: pg.escapeIdentifier(schema),
  ...limits,
  statement_timeout: String(statementTimeout),
});

const withoutLimits = Object.fromEntries(Object.keys(limits).map((name) => [name, '0']));

/** Sessions that may take as long as they need: provisioning, migrations, backups. */
export const toolSettings: SessionSettings = { ...conventions, ...keepalives, ...withoutLimits };

/** Sets all of them for the session, in one statement. */
export const settingStatement = (settings: SessionSettings): string =>
  `SELECT ${Object.entries(settings)
    .map(([name, value]) => `set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, false)`)
    .join(', ')}`;

/** Gives them to every new session of `role` in `database`, which is all that passes through a pooler. */
export const roleSettingStatements = (role: string, database: string, settings: SessionSettings): readonly string[] =>
  Object.entries(settings).map(([name, value]) => {
    // A list of names is written as names: as text it would be one name with quotes in it.
    const text = name === 'search_path' ? value : pg.escapeLiteral(value);
    return `ALTER ROLE ${pg.escapeIdentifier(role)} IN DATABASE ${pg.escapeIdentifier(database)} SET ${name} TO ${text}`;
  });

/** Each as `storedSettings` answers it. */
export const settingEntries = (settings: SessionSettings): string[] =>
  Object.entries(settings).map(([name, value]) => `${name}=${value}`.replaceAll('"', ''));

/**
 * SQL for the settings that a role has in a database, an array of texts; both are given as expressions for their oids.
 * Without quotes: PostgreSQL keeps only those that a name needs.
 */
export const storedSettings = (role: string, database: string): string =>
  `ARRAY(SELECT translate(entry, '"', '') FROM pg_db_role_setting, unnest(setconfig) AS entry WHERE setrole = ${role} AND setdatabase = ${database})`;
