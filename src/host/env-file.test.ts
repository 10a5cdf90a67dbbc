import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { withEnvFile } from './env-file.ts';

let folder: string;
let said: string[];
const read = (given: Record<string, string>) => withEnvFile(given, folder, (line) => said.push(line));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fissile-env-'));
  said = [];
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
});

describe('.env', () => {
  it('is read in development, and counts less than what the shell says', () => {
    writeFileSync(join(folder, '.env'), '# of this checkout\nPORT=4000\nADMIN_PASSWORD="correct horse # battery"\n');
    expect(read({ PORT: '5000' })).toEqual({ PORT: '5000', ADMIN_PASSWORD: 'correct horse # battery' });
    expect(said, 'names, and no values').toEqual([`Settings from ${join(folder, '.env')}: ADMIN_PASSWORD.`]);
  });

  it.each(['production', 'test'])('is said to be ignored in %s', (NODE_ENV) => {
    writeFileSync(join(folder, '.env'), 'PORT=4000\n');
    expect(read({ NODE_ENV })).toEqual({ NODE_ENV });
    expect(said).toEqual([
      `${join(folder, '.env')} is ignored, as NODE_ENV is ${NODE_ENV}. Set its variables where the program is started.`,
    ]);
  });

  it('may be missing', () => {
    expect(read({ PORT: '5000' })).toEqual({ PORT: '5000' });
    expect(said).toEqual([]);
  });

  it('that cannot be read is told in one line', () => {
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    expect(() => read({})).toThrow(/\.env cannot be read \(ENOTDIR\)\. Make it readable/);
    chmodSync(folder, 0o600);
  });
});
