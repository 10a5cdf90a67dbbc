/** A server as the file finds it: an empty folder, nothing in the environment, nothing on the path. */
import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, inject } from 'vitest';
import { administrator, freePort } from '../support/running-program.ts';

export interface FileRun {
  readonly url: string;
  readonly process: ChildProcess;
  output(): string;
  readonly exited: Promise<number | null>;
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** An empty folder that anybody may enter, and `owner` write. */
export function emptyFolder(owner?: User): string {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'fissile-server-'));
  chmodSync(folder, 0o755);
  if (owner) chownSync(folder, owner.uid, owner.gid);
  closers.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** Puts the file into a folder, as a team would copy it to a server. */
export function copiedTo(folder: string): string {
  const file = join(folder, 'fissile');
  try {
    linkSync(inject('builtFile'), file);
  } catch {
    copyFileSync(inject('builtFile'), file);
    chmodSync(file, 0o755);
  }
  return file;
}

interface Options {
  readonly file?: string;
  readonly folder?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly user?: User;
  /** `file` only waits for its one child, which is who signals are for. */
  readonly signalsChild?: boolean;
}

/** Runs the file in `folder`; the environment is what is given here and nothing else. */
export function run({ file, folder, environment = {}, args = [], user, signalsChild }: Options): FileRun {
  const child = spawn(file ?? inject('builtFile'), args, {
    cwd: folder ?? emptyFolder(user),
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (printed += data.toString()));
  const exited = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
    child.once('error', ({ message }) => {
      printed += message;
      resolve(null);
    });
  });
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    if (signalsChild) process.kill(onlyChildOf(child.pid!), signal);
    else child.kill(signal);
    return exited;
  };
  closers.push(async () => {
    if (child.exitCode === null && child.signalCode === null) await stop();
  });
  return { url: `http://127.0.0.1:${environment.PORT ?? 3000}`, process: child, output: () => printed, exited, stop };
}

export const onlyChildOf = (pid: number) => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));

/** Runs it to its end, which is near: one that goes on instead is ended. */
export async function ended(options: Options): Promise<{ code: number | null; output: string }> {
  const program = run(options);
  const impatience = setTimeout(() => void program.stop(), 120_000);
  const code = await program.exited;
  clearTimeout(impatience);
  return { code, output: program.output().trim() };
}

/** Runs it until it is ready. */
export async function started(options: Options): Promise<FileRun> {
  const PORT = options.environment?.PORT ?? String(await freePort());
  const program = run({
    ...options,
    environment: { LOG_LEVEL: 'warn', ADMIN_PASSWORD: administrator.password, ...options.environment, PORT },
  });
  let gone = false;
  void program.exited.then(() => (gone = true));
  for (const deadline = Date.now() + 300_000; Date.now() < deadline; await delay(50)) {
    if (gone) throw new Error(`The file ended:\n${program.output()}`);
    if (
      await fetch(`${program.url}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      )
    )
      return program;
  }
  throw new Error(`The file was not ready in five minutes:\n${program.output()}`);
}

/** Makes a folder below another. */
export function below(folder: string, name: string, owner?: User): string {
  const made = join(folder, name);
  mkdirSync(made);
  if (owner) chownSync(made, owner.uid, owner.gid);
  return made;
}
