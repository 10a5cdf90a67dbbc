import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a running PostgreSQL says of itself in its data folder. */
export interface Postmaster {
  readonly pid: number;
  /** Where it is reached: a folder of sockets, or an address. */
  readonly host: string;
  readonly port: number;
  /** Accepts connections; before that it starts, and after that it stops. */
  readonly ready: boolean;
}

/** Undefined when there is none, or none that is alive: the file outlives a server that was killed. */
export function postmasterOf(folder: string): Postmaster | undefined {
  const [pid, , , port, sockets, address, , status] = linesOf(join(folder, 'postmaster.pid'));
  if (!pid || !isAlive(Number(pid))) return undefined;
  return { pid: Number(pid), host: sockets || address || '', port: Number(port), ready: status?.trim() === 'ready' };
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is alive all the same.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
