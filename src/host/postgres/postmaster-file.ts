import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** A running PostgreSQL's own record in its data folder. */
export interface Postmaster {
  readonly pid: number;
  /** Where it is reached: a folder of sockets, or an address; undefined as long as it has neither. */
  readonly host: string | undefined;
  readonly port: number;
  /** Accepts connections; before that it starts, and after that it stops. */
  readonly ready: boolean;
}

/** Undefined when there is none, or none that is alive: the file outlives a server that was killed. */
export function postmasterOf(folder: string): Postmaster | undefined {
  const [pid, , , port, sockets, address, , status] = linesOf(postmasterFile(folder));
  if (!pid || !isAlive(Number(pid))) return undefined;
  const host = sockets ? resolve(folder, sockets) : address || undefined;
  return { pid: Number(pid), host, port: Number(port), ready: status?.trim() === 'ready' };
}

export const postmasterFile = (folder: string) => join(folder, 'postmaster.pid');

/** In milliseconds; undefined where there is none. */
export const writtenAt = (folder: string) => statSync(postmasterFile(folder), { throwIfNoEntry: false })?.mtimeMs;

/** A dead server's file that PostgreSQL would take for a live one's, as nobody has taken note of its death yet. */
export function isOfZombie(folder: string): boolean {
  const [pid] = linesOf(postmasterFile(folder));
  return !!pid && hasNumber(Number(pid)) && !isAlive(Number(pid));
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** Not so for a zombie: a process that has ended and whose parent, such as a container's first process, did not notice. */
export function isAlive(pid: number): boolean {
  if (!hasNumber(pid)) return false;
  const [, state] = /^\d+ \(.*\) (\S)/s.exec(linesOf(`/proc/${pid}/stat`).join('\n')) ?? [];
  return state !== 'Z' && state !== 'X';
}

function hasNumber(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is there all the same.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
