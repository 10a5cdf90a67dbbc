/** The least that starts the embedded database and connects to it: `node bare-database.ts <data folder>`, used before. */
import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const folder = join(process.argv[2]!, 'postgres');
// PostgreSQL keeps there how it was started last.
const [program, ...options] = [
  ...readFileSync(join(folder, 'postmaster.opts'), 'utf8').matchAll(/"([^"]*)"|(\S+)/g),
].map(([, quoted, word]) => quoted ?? word!);
const { uid, gid } = statSync(folder);
const server = spawn(program!, options, {
  cwd: folder,
  stdio: 'ignore',
  ...(process.getuid?.() === 0 && { uid, gid }),
});
const connection = {
  host: folder,
  user: 'postgres',
  database: 'fissile',
  password: readFileSync(join(folder, 'fissile.password'), 'utf8'),
};

for (;;) {
  const client = new pg.Client(connection);
  try {
    await client.connect();
    await client.end();
    break;
  } catch {
    await sleep(2);
  }
}
process.stdout.write('ready\n');

process.once('SIGTERM', () => server.kill('SIGINT'));
