/** The databases of all modules as one, for questions about all of them: each module's schema, as foreign tables. */
import pg from 'pg';
import { connect, freshDatabaseUrl } from '../support/postgres.ts';

export interface GatheredDatabases {
  readonly client: pg.Client;
  drop(): Promise<void>;
}

/** `urls` by module, of databases on the test server. */
export async function gather(urls: ReadonlyMap<string, string>): Promise<GatheredDatabases> {
  const fresh = await freshDatabaseUrl();
  const client = await connect(new URL(fresh.url).pathname.slice(1));
  await client.query('CREATE EXTENSION postgres_fdw');
  for (const [module, url] of urls) {
    const { hostname, port, pathname, username, password } = new URL(url);
    const [host, name, user, secret] = [hostname, pathname.slice(1), username, password].map((text) =>
      pg.escapeLiteral(decodeURIComponent(text)),
    );
    await client.query(`
      CREATE SERVER ${module} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host ${host}, port '${port}', dbname ${name});
      CREATE USER MAPPING FOR CURRENT_USER SERVER ${module} OPTIONS (user ${user}, password ${secret});
      CREATE SCHEMA ${module};
      IMPORT FOREIGN SCHEMA ${module} FROM SERVER ${module} INTO ${module}`);
  }
  return {
    client,
    async drop() {
      await client.end();
      await fresh.drop();
    },
  };
}
