/** Who listens at a port, as Linux itself tells: not every machine has a program that says so. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const listening = '0A';

export function listenerAt(port: number): number {
  const inHex = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) => readFileSync(file, 'utf8').trim().split('\n'));
  const inodes = sockets
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => local?.endsWith(`:${inHex}`) && state === listening)
    .map((fields) => `socket:[${fields[9]}]`);
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((pid) => filesOf(pid).some((file) => inodes.includes(file)));
  if (found === undefined) throw new Error(`Nobody listens at ${port}.`);
  return Number(found);
}

/** None of a process that has ended meanwhile, or is another user's. */
function filesOf(pid: string): string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).map((name) => readlinkSync(`${folder}/${name}`));
  } catch {
    return [];
  }
}
