/** `npm run <script> -- --help`, on a checkout of its own. */
import { execFile } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };
import { checkoutCopy } from './support/checkout-copy.ts';

const scripts = Object.entries(packageJson.scripts);

describe('--help of a script of package.json', () => {
  let copy: ReturnType<typeof checkoutCopy>;
  let checkout: string;
  beforeAll(() => {
    copy = checkoutCopy();
    checkout = copy.path;
  });
  afterAll(() => copy.remove());

  /** Every file with when it was written, but for what npm installs, beside which compiled code is kept. */
  const files = () =>
    readdirSync(checkout, { recursive: true, encoding: 'utf8' })
      .filter((file) => !file.startsWith('node_modules'))
      .map((file) => ({ file, facts: statSync(join(checkout, file)) }))
      .filter(({ facts }) => facts.isFile())
      .map(({ file, facts }) => `${file} ${facts.mtimeMs}`)
      .sort();
  const helpOf = (script: string) =>
    promisify(execFile)('npm', ['run', '--silent', script, '--', '--help'], {
      cwd: checkout,
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
    });

  it.each(scripts.map(([script]) => script))('says how to use npm run %s, and does nothing else', async (script) => {
    const before = files();
    const { stdout, stderr } = await helpOf(script);
    expect(stdout).toMatch(/usage|common commands/i);
    expect(stderr).toBe('');
    expect(files()).toEqual(before);
  });

  it.each(scripts.filter(([, command]) => command === packageJson.scripts.generate).map(([script]) => script))(
    'generates nothing with npm run %s where that has to be done',
    async (script) => {
      const stamps = readdirSync(join(checkout, 'modules')).map((module) =>
        join(checkout, 'modules', module, 'persistence/generated/.schema-digest'),
      );
      for (const stamp of stamps) rmSync(stamp, { force: true });
      const before = files();
      expect((await helpOf(script)).stdout).toMatch(/usage/i);
      expect(files()).toEqual(before);
    },
  );
});
