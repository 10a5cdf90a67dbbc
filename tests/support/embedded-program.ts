/**
 * A program that does nothing but hold an embedded database, for tests that start several, or kill one:
 * `node embedded-program.ts <data folder>`. It says how often a program was started on this data.
 */
import { startEmbeddedPostgres } from '../../src/host/postgres/embedded.ts';

process.on('SIGINT', () => process.stdout.write('interrupted\n'));
const [, , dataDir = ''] = process.argv;
try {
  const { admin, stop } = await startEmbeddedPostgres({ dataDir, connections: 20, announce: () => {} });
  await admin.query(
    'CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now()); INSERT INTO starts DEFAULT VALUES',
  );
  const { rows } = await admin.query('SELECT count(*) FROM starts');
  process.stdout.write(`started ${rows[0].count}\n`);
  const alive = setInterval(() => {}, 1000);
  process.on('SIGTERM', async () => {
    await stop();
    clearInterval(alive);
  });
} catch (error) {
  process.stdout.write(`${error}\n`);
  process.exitCode = 1;
}
