import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { Variables } from '../src/host/variables.ts';
import { freshDatabaseUrl } from './support/postgres.ts';
import { start } from './support/running-program.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The first block of shell commands under a heading. */
function commandsUnder(heading: string): string {
  const section = readme.slice(readme.indexOf(`## ${heading}\n`));
  const commands = /```sh\n([\s\S]*?)```/.exec(section)?.[1];
  if (commands === undefined) throw new Error(`README.md has no commands under "${heading}".`);
  return commands;
}

describe('the README', () => {
  it('leads from registering to a paid order, and to the same answer again', async () => {
    const { url, drop } = await freshDatabaseUrl();
    const program = await start({ DATABASE_URL: url });
    try {
      const commands = commandsUnder('Try it').replace('http://127.0.0.1:3000', program.url);
      const order = commands.slice(commands.lastIndexOf('curl'));
      const { stdout } = await promisify(execFile)('bash', ['-euc', `${commands}\necho\n${order}`]);
      const [first, again] = stdout.trim().split('\n').slice(-2);
      expect(first).toContain('"status":"paid"');
      expect(again).toBe(first?.slice(first.lastIndexOf('{"id"')));
    } finally {
      await program.stop();
      await drop();
    }
  });

  it('names every setting of the program, and none that is not there', () => {
    const table = readme.slice(readme.indexOf('### Settings'), readme.indexOf('## Operate it'));
    const named = [...table.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, names]) => names!.replaceAll('`', '').split(', '));
    const known = execFileSync(process.execPath, ['src/start.js', 'settings', '--json'], { cwd: new URL('..', import.meta.url), encoding: 'utf8' });
    expect(Object.keys(JSON.parse(known) as object)).toEqual(expect.arrayContaining(named));
    // Explained in the text.
    expect([...named, 'NODE_ENV']).toEqual(expect.arrayContaining(Object.keys(Variables.shape)));
  });

  it('leads to files that exist', () => {
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)|`((?:src|tests|modules|ADR)\/[^`]+)`/g)].map(([, link, path]) => link ?? path!);
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) expect(existsSync(new URL(`../${link}`, import.meta.url)), link).toBe(true);
  });
});
