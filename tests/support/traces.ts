/** The contents of a folder, to the byte and the moment: nothing can be written there without a trace. */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export function tracesIn(folder: string): Record<string, string> {
  const names = ['.', ...(readdirSync(folder, { recursive: true }) as string[])].sort();
  return Object.fromEntries(
    names.map((name) => {
      const path = join(folder, name);
      const found = lstatSync(path, { bigint: true });
      const content = found.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
      return [name, `${found.mode} ${found.uid} ${found.mtimeNs} ${found.ctimeNs} ${content}`];
    }),
  );
}
