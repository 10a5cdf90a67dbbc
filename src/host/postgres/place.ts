import type pg from 'pg';
import type { ConnectionSettings } from '#runtime/database/postgres-database.ts';
import { Session } from '#runtime/database/session.ts';

/** Where a session leads, and as whom it enters. */
export function placeOf(client: pg.Client): ConnectionSettings {
  const { host, port, user, database, ssl } = client;
  const { options } = (client as pg.Client & { connectionParameters: { options?: string } }).connectionParameters;
  return { host, port, user, database, ssl: ssl as pg.ClientConfig['ssl'], ...(options && { options }) };
}

/** The suffix that a pooler of several tenants wants behind each role's name: `postgres.tenant` where the server knows `postgres`. */
export function tenantIn(user: string | undefined, admin: pg.Client): string {
  const role = (admin instanceof Session && admin.role) || admin.user;
  return user?.startsWith(`${role}.`) ? user.slice(role!.length) : '';
}

/** For a person. */
export const locationOf = ({ host, port, database }: pg.Client): string =>
  `PostgreSQL at ${host}:${port}, database ${database}`;
