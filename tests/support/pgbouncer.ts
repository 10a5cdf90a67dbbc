/** PgBouncer for tests: the real one, where it is on the path (Debian: `apt-get install pgbouncer`). */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inject } from 'vitest';
import { freePort } from './running-program.ts';

const program = ['pgbouncer', '/usr/sbin/pgbouncer'].find((name) => spawnSync(name, ['--version']).status === 0);
const need = 'needs pgbouncer on the path';
export const noPgbouncer = program === undefined;
if (noPgbouncer && process.env.REQUIRE_SERVICES === '1') throw new Error(`A test ${need}`);

/** Behind the name of tests: what they need, where they are skipped. */
export const needsPgbouncer = noPgbouncer ? ` (${need})` : '';

export interface Pooler {
  /** The same database through it. */
  through(url: string): string;
  stop(): Promise<void>;
}

/** In front of the test server. It lets in whom the server lets in, and takes no startup parameter that it does not know. */
export async function startPgbouncer(poolMode: 'session' | 'transaction', settings = ''): Promise<Pooler> {
  const server = new URL(inject('testServer').url);
  const folder = mkdtempSync(join(tmpdir(), 'fissile-pgbouncer-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const [user, password] = [server.username, server.password].map(decodeURIComponent);
  writeFileSync(join(folder, 'users'), `"${user}" "${password}"\n`, { mode: 0o644 });
  writeFileSync(
    join(folder, 'pgbouncer.ini'),
    `[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = ${join(folder, 'users')}
auth_user = ${user}
auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = $1
pool_mode = ${poolMode}
default_pool_size = 30
max_client_conn = 300
server_login_retry = 1
${settings}
`,
    { mode: 0o644 },
  );
  const asRoot = process.getuid?.() === 0;
  const child = spawn(program!, [...(asRoot ? ['-u', 'nobody'] : []), join(folder, 'pgbouncer.ini')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said += data.toString()));
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`PgBouncer ended:\n${said}`);
    await delay(20);
  }
  return {
    through: (url) => Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href,
    async stop() {
      child.kill('SIGINT');
      child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).once('error', () => resolve(false));
  });
