/** Data folders and programs for the tests of the embedded database. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/host/postgres/embedded.ts';
import { isAlive, postmasterOf } from '../../src/host/postgres/postmaster-file.ts';

export interface RunningProgram {
  readonly process: ChildProcess;
  /** Its next line. */
  line(): Promise<string | undefined>;
  readonly ended: Promise<void>;
  /** Resolves when it has ended. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export interface EmbeddedServers {
  /** `mkdtemp` closes it to all other users, as /root is: PostgreSQL's user cannot get here by itself. */
  readonly root: string;
  /** The lines shown to the person who waits. */
  readonly announced: string[];
  /** A name for a data folder that is not there yet. */
  newFolder(): string;
  /** A data folder on which a server ran before, and ended well. */
  usedFolder(name?: string): string;
  /** In this process. */
  start(dataDir: string): Promise<EmbeddedPostgres>;
  /** In a process of its own, as another user if need be. */
  startProgram(dataDir: string, user?: { uid: number; gid: number }): RunningProgram;
}

export const postgresIn = (dataDir: string) => join(dataDir, 'postgres');

/** Resolves when a process is gone. */
export async function gone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Whatever a test starts is stopped after it, and all data is removed in the end. */
export function embeddedServers(): EmbeddedServers {
  const root = mkdtempSync(join(realpathSync(tmpdir()), 'fissile-embedded-'));
  const template = join(root, 'template');
  const announced: string[] = [];
  const running: EmbeddedPostgres[] = [];
  const programs: ChildProcess[] = [];
  let folders = 0;

  const newFolder = () => join(root, `data-${++folders}`);
  async function start(dataDir: string): Promise<EmbeddedPostgres> {
    const server = await startEmbeddedPostgres({
      dataDir,
      connections: 20,
      announce: (line) => void announced.push(line),
    });
    running.push(server);
    return server;
  }

  beforeAll(async () => {
    await (await start(template)).stop();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.stop()));
    for (const child of programs.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  });
  afterAll(async () => {
    for (const name of readdirSync(root)) {
      const left = postmasterOf(postgresIn(join(root, name)));
      if (!left) continue;
      process.kill(left.pid, 'SIGQUIT');
      await gone(left.pid);
    }
    rmSync(root, { recursive: true, force: true });
  });

  return {
    root,
    announced,
    newFolder,
    usedFolder(name) {
      const copy = name === undefined ? newFolder() : join(root, name);
      execFileSync('cp', ['-a', template, copy]);
      return copy;
    },
    start,
    startProgram(dataDir, user) {
      const script = join(import.meta.dirname, 'embedded-program.ts');
      const child = spawn(process.execPath, [script, dataDir], {
        stdio: ['ignore', 'pipe', 'inherit'],
        detached: true,
        ...user,
      });
      programs.push(child);
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
      const lines = createInterface(child.stdout!)[Symbol.asyncIterator]();
      return {
        process: child,
        ended,
        line: async () => (await lines.next()).value,
        end(signal) {
          child.kill(signal);
          return ended;
        },
      };
    },
  };
}
