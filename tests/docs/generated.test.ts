import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

it('what npm run docs writes is current', () => {
  const told = execFileSync(process.execPath, ['build/docs.ts', '--check'], {
    cwd: new URL('../..', import.meta.url),
    encoding: 'utf8',
  });
  expect(told).not.toContain('is not current');
});
