import pg from 'pg';
import { attachToEmbedded } from '../../src/host/postgres/attach.ts';

/** Connects as superuser to a database of the embedded server that a program runs. */
export async function enterEmbedded(dataDir: string, database: string): Promise<pg.Client> {
  const admin = (await attachToEmbedded(dataDir))!;
  const { host, port, user, password } = admin as pg.Client & { password: string };
  await admin.end();
  const client = new pg.Client({ host, port, user, password, database });
  await client.connect();
  return client;
}
