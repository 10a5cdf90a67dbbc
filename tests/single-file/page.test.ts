/** The commands of docs/one-file.md, run in their order beside a built file, on a server that has nothing else. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { blocksOf, Reader } from '../support/reader.ts';
import { freePort } from '../support/running-program.ts';
import { emptyFolder } from './server.ts';

const blocks = blocksOf('docs/one-file.md');

it('the commands of docs/one-file.md run the file, stop it, back it up, upgrade it, restore it, and give it TLS', async () => {
  const folder = emptyFolder();
  mkdirSync(join(folder, 'dist'));
  copyFileSync(inject('builtFile'), join(folder, 'dist/fissile'));
  const port = String(await freePort());
  const reader = new Reader(folder, { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', PORT: port }, [['3000', port]]);
  const printed: string[] = [];
  try {
    for (const { commands } of blocks) {
      const { failed, output } = await reader.type(commands);
      expect(failed, output).toBe(0);
      printed.push(output);
    }
  } finally {
    await reader.leave();
  }

  const output = printed.join('\n');
  expect(output.match(/\{"status":"ok"/g)).toHaveLength(2);
  expect(output).toContain('Administrator: admin@example.com, password ');
  expect(output).toContain('orders: up to date');
});
