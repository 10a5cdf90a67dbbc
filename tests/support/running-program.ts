/** The program as its users run it: a process of its own, started from the sources, stopped by a signal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
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

/** Seconds: the least in which the sandbox still answers `tok_slow`, as one test waits until `tok_timeout` is given up. */
export const paymentTimeout = '5';

const [firstPort, lastPort] = [10_000, 32_000];
/** Test files that run at the same time begin somewhere else each. */
let nextPort = randomInt(firstPort, lastPort);

/**
 * The first of `count` ports that follow each other and are free. None of those that connections go out from, or that
 * are given to who asks for any: nobody takes one by chance before it is used, or while a program is started again.
 */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = nextPort;
    nextPort = nextPort + count > lastPort ? firstPort : nextPort + count;
    const free = await Promise.all(Array.from({ length: count }, (_, offset) => isFree(first + offset)));
    if (free.every(Boolean)) return first;
  }
}

export const freePort = (): Promise<number> => freePorts(1);

const isFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer().once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** A folder that a database may be in: PostgreSQL runs as another user when the tests run as root. */
export async function temporaryFolder(prefix = 'fissile-'): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Starts `node src/start.js` without waiting for anything. The environment is only what is given here, PATH, and that no load balancer has to be waited for. */
export function launch(environment: Record<string, string>, args: readonly string[] = []): RunningProgram {
  const port = environment.PORT ?? '3000';
  const child = spawn(process.execPath, [join(root, 'src/start.js'), ...args], {
    cwd: root,
    // A `.env` of this checkout is no concern of a test.
    env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', NODE_ENV: 'test', SHUTDOWN_DELAY: '0', ...environment },
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
  for (const deadline = Date.now() + 240_000; Date.now() < deadline; await delay(25)) {
    if (exitCode !== undefined) throw new Error(`The program ended with ${exitCode}:\n${program.output()}`);
    const ready = await fetch(`${program.url}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (ready) return program;
  }
  await program.stop('SIGKILL');
  throw new Error(`The program did not become ready in 240 s:\n${program.output()}`);
}
