/** The program as its users run it: a process of its own, started from the sources, stopped by a signal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export const administrator = { email: 'admin@example.com', password: 'correct horse battery staple' };

export interface RunningProgram {
  readonly url: string;
  readonly process: ChildProcess;
  /** All it has printed so far. */
  output(): string;
  /** Resolves with the exit code once the process is gone. */
  readonly exited: Promise<number | null>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** A folder that a database may be in: PostgreSQL runs as another user when the tests run as root. */
export async function temporaryFolder(prefix = 'fissile-'): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Starts `node src/start.js` without waiting for anything. The environment is only what is given here, and PATH. */
export function launch(environment: Record<string, string>, args: readonly string[] = []): RunningProgram {
  const port = environment.PORT ?? '3000';
  const child = spawn(process.execPath, [join(root, 'src/start.js'), ...args], {
    cwd: root,
    env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  child.stdout.on('data', (data: Buffer) => (printed += data.toString()));
  child.stderr.on('data', (data: Buffer) => (printed += data.toString()));
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    url: `http://127.0.0.1:${port}`,
    process: child,
    output: () => printed,
    exited,
    stop(signal = 'SIGTERM') {
      child.kill(signal);
      return exited;
    },
  };
}

/** Starts the program and waits until it is ready. */
export async function start(environment: Record<string, string>): Promise<RunningProgram> {
  const port = environment.PORT ?? String(await freePort());
  const program = launch({
    LOG_LEVEL: 'warn',
    ADMIN_PASSWORD: administrator.password,
    ...environment,
    PORT: port,
  });
  let exitCode: number | null | undefined;
  void program.exited.then((code) => (exitCode = code));
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await delay(25)) {
    if (exitCode !== undefined) throw new Error(`The program ended with ${exitCode}:\n${program.output()}`);
    const ready = await fetch(`${program.url}/readyz`).then((answer) => answer.ok, () => false);
    if (ready) return program;
  }
  await program.stop('SIGKILL');
  throw new Error(`The program did not become ready in 60 s:\n${program.output()}`);
}
