import type { Clock } from '#platform/clock.ts';
import type { Database } from '#platform/database.ts';
import type { Application, Applications, ApplicationSecret } from '../domain/applications.ts';
import type { SessionEndings } from '../domain/session-endings.ts';

const columns = `id, name, kind, redirect_uris as "redirectUris", post_logout_redirect_uris as "postLogoutRedirectUris",
  backchannel_logout_uri as "backchannelLogoutUri", scopes, roles, logo_uri as "logo", created_at as "createdAt",
  disabled_at as "disabledAt"`;
export function postgresApplications(database: Database, endings: SessionEndings, clock: Clock): Applications {
  /** A machine's session is the machine: its id is told too. Call it after a statement that locks the application. */
  async function endSessions(id: string): Promise<void> {
    const { rows } = await database.query<{ id: string }>(
      'delete from auth.sessions where application_id = $1 returning id',
      [id],
    );
    database.afterCommit(() => endings.tell([...rows.map((row) => row.id), id]));
  }

  return {
    async add(application) {
      await database.query(
        `insert into auth.applications (id, name, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, scopes,
           roles, logo_uri, disabled_at, kind, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
        [...valuesOf(application), application.kind, application.createdAt],
      );
    },

    async find(id) {
      const { rows } = await database.query<Application>(`select ${columns} from auth.applications where id = $1`, [
        id,
      ]);
      return rows[0];
    },

    async list({ after, limit }) {
      const { rows } = await database.query<Application>(
        `select ${columns} from auth.applications where $1::uuid is null or id > $1 order by id limit $2`,
        [after ?? null, limit],
      );
      return rows;
    },

    replace: (application) =>
      database.transaction(async () => {
        const { id, roles, disabledAt } = application;
        const { rows } = await database.query<{ roles: string[] }>(
          'select roles from auth.applications where id = $1 for update',
          [id],
        );
        if (!rows[0]) return false;
        await database.query(
          `update auth.applications set (name, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, scopes, roles,
             logo_uri, disabled_at) = ($2, $3, $4, $5, $6, $7, $8, $9) where id = $1`,
          valuesOf(application),
        );
        if (disabledAt || String(rows[0].roles) !== String(roles)) await endSessions(id);
        return true;
      }),

    remove: (id) =>
      database.transaction(async () => {
        const { rowCount } = await database.query('select from auth.applications where id = $1 for update', [id]);
        if (rowCount === 0) return false;
        await endSessions(id);
        await database.query('delete from auth.applications where id = $1', [id]);
        return true;
      }),

    addSecret: (id, hash, at, othersUntil) =>
      database.transaction(async () => {
        const { rowCount } = await database.query('select from auth.applications where id = $1 for share', [id]);
        if (rowCount === 0) return false;
        await database.query(
          'update auth.application_secrets set expires_at = least(expires_at, $2) where application_id = $1',
          [id, othersUntil],
        );
        await database.query(
          'insert into auth.application_secrets (hash, application_id, created_at) values ($1, $2, $3)',
          [hash, id, at],
        );
        return true;
      }),

    async secrets(id) {
      const { rows } = await database.query<ApplicationSecret>(
        `select hash, expires_at as "expiresAt" from auth.application_secrets
         where application_id = $1 and (expires_at is null or expires_at > $2) order by created_at desc, hash`,
        [id, clock.now()],
      );
      return rows;
    },

    async prune() {
      await database.query('delete from auth.application_secrets where expires_at <= $1', [clock.now()]);
    },
  };
}

const valuesOf = (application: Application): unknown[] => {
  const { id, name, redirectUris, postLogoutRedirectUris, backchannelLogoutUri, scopes, roles } = application;
  const { logo, disabledAt } = application;
  return [id, name, redirectUris, postLogoutRedirectUris, backchannelLogoutUri, scopes, roles, logo, disabledAt];
};
