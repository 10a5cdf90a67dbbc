// ADR 0007
/**
 * Login roles whose passwords are derived from the administrator's (HMAC-SHA256 over the role's name), so that every
 * program that knows the administrator's can compute them and none has to be stored. A change of the
 * administrator's password changes these at the next start. An administrator who needs no password, because the server
 * trusts where the connection comes from, makes roles that have none either.
 */
import { createHash, createHmac } from 'node:crypto';
import pg from 'pg';

const longestName = 63;
/** A condition on pg_roles. */
export const tooPowerful = 'rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls';

export interface DerivedRole {
  readonly role: string;
  readonly password: string | null;
  /** Kept as the role's comment: tells whether its password is the one we derive, without giving it away. */
  readonly mark: string;
}

/** `client` is the administrator's. */
export function derivedRole(name: string, client: pg.Client): DerivedRole {
  const adminPassword = passwordOf(client);
  const role = fitName(name);
  const password = adminPassword && createHmac('sha256', adminPassword).update(role).digest('base64url');
  const mark = `fissile ${password ? createHash('sha256').update(password).digest('hex').slice(0, 32) : 'without a password'}`;
  return { role, password, mark };
}

/** The password that the driver found in the URL, in PGPASSWORD or in a password file. */
const passwordOf = (client: pg.Client): string | null =>
  (client as pg.Client & { password?: string | null }).password ?? null;

function fitName(name: string): string {
  if (Buffer.byteLength(name) <= longestName) return name;
  const digest = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${Buffer.from(name)
    .subarray(0, longestName - 17)
    .toString()}_${digest}`;
}

/** The statements that make it what it should be, whatever it was before. */
export function roleStatements({ role, password, mark }: DerivedRole): readonly string[] {
  const name = pg.escapeIdentifier(role);
  return [
    `DO $$ BEGIN
      IF to_regrole(${pg.escapeLiteral(name)}) IS NULL THEN CREATE ROLE ${name}; END IF;
      -- Only who has these may take them away, or even say that they are not given.
      IF (SELECT ${tooPowerful} FROM pg_roles WHERE rolname = ${pg.escapeLiteral(role)}) THEN
        ALTER ROLE ${name} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
      END IF;
    END $$`,
    `ALTER ROLE ${name} LOGIN PASSWORD ${password === null ? 'NULL' : pg.escapeLiteral(password)}`,
    `COMMENT ON ROLE ${name} IS ${pg.escapeLiteral(mark)}`,
    // To give something away one has to be a member of the new owner, which only a superuser always is.
    `GRANT ${name} TO CURRENT_USER`,
  ];
}
