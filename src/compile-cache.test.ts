import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let checkout: string;
let cache: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'fissile-checkout-'));
  cache = join(checkout, 'node_modules/.cache/fissile-compiled');
  mkdirSync(join(checkout, 'src'));
  cpSync(join(import.meta.dirname, 'compile-cache.js'), join(checkout, 'src/compile-cache.js'));
});

afterEach(() => rmSync(checkout, { recursive: true, force: true }));

/** The folder that Node keeps compiled code in, as a process of the checkout sees it. */
function cacheOf(mask = 0o022): string | undefined {
  const script = `process.umask(${mask}); await import(${JSON.stringify(join(checkout, 'src/compile-cache.js'))});
    console.log((await import('node:module')).getCompileCacheDir() ?? '')`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, TMPDIR: checkout },
  });
  expect(stderr).toBe('');
  return stdout.trim() || undefined;
}

describe('the compile cache', () => {
  it('lies in the checkout, where nobody else can put code to be run', () => {
    expect(cacheOf()).toMatch(new RegExp(`^${cache}/`));
    expect(existsSync(join(checkout, 'node-compile-cache'))).toBe(false);
  });

  it.each(['src/start.js', 'architecture-tests/check/main.ts'])(
    'is not in the folder for temporary files when %s runs',
    (script) => {
      const { stdout, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, '..', script), '--help'], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, TMPDIR: checkout },
      });
      expect(stderr).toBe('');
      expect(stdout).toMatch(/^.*Usage/ms);
      expect(readdirSync(checkout)).toEqual(['src']);
    },
  );

  it('is closed to others whatever the mask', () => {
    expect(cacheOf(0)).toMatch(new RegExp(`^${cache}/`));
    expect(statSync(cache).mode & 0o777).toBe(0o700);
  });

  it('is not used where others may write', () => {
    mkdirSync(cache, { recursive: true });
    chmodSync(cache, 0o777);
    expect(cacheOf()).toBeUndefined();
  });

  it('is not there when it cannot be made, and nothing else fails', () => {
    cpSync(join(checkout, 'src/compile-cache.js'), join(checkout, 'node_modules'));
    expect(cacheOf()).toBeUndefined();
  });
});
