import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { freePort } from '../support/running-program.ts';
import { tracesIn } from '../support/traces.ts';
import { emptyFolder, ended, started } from './server.ts';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const root = join(import.meta.dirname, '../..');
function build(checkout: string): string {
  execFileSync(process.execPath, [join(checkout, 'build/main.ts')], { cwd: checkout, stdio: 'ignore' });
  return join(checkout, 'dist/fissile');
}
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

describe('a file of a newer version', () => {
  const checkout = mkdtempSync(join(realpathSync(tmpdir()), 'fissile-newer-'));
  let newer: string;
  beforeAll(() => {
    chmodSync(checkout, 0o755);
    for (const name of ['build', 'modules', 'prisma', 'src', 'topologies', 'package.json', 'package-lock.json']) {
      cpSync(join(root, name), join(checkout, name), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
    for (const [folder, sql] of [
      ['prisma/users/migrations/29990101000000_notes', 'CREATE TABLE users.notes (id uuid PRIMARY KEY);'],
      ['src/runtime/tables/migrations/9999_notes', 'ALTER TABLE outbox ADD COLUMN note text;'],
    ] as const) {
      mkdirSync(join(checkout, folder));
      writeFileSync(join(checkout, folder, 'migration.sql'), `${sql}\n`);
    }
    newer = build(checkout);
  });
  afterAll(() => rmSync(checkout, { recursive: true, force: true }));

  it('has the same bytes when it is built again', () => {
    const first = sha256(newer);
    rmSync(newer);
    expect(sha256(build(checkout))).toBe(first);
  });

  it('has a list of what is in it beside it, and its checksum', () => {
    const { bomFormat, components } = JSON.parse(readFileSync(`${newer}.cdx.json`, 'utf8')) as {
      bomFormat: string;
      components: { name: string }[];
    };
    expect(bomFormat).toBe('CycloneDX');
    const names = components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(Object.keys(packageJson.dependencies)));
    expect(names).not.toContain('vitest');
    expect(readFileSync(`${newer}.sha256`, 'utf8')).toBe(`${sha256(newer)}  fissile\n`);
  });

  it('migrates the data of an older one, which then refuses it in one line and touches nothing', async () => {
    const folder = emptyFolder();
    const DATA_DIR = join(folder, 'data');
    const environment = { DATA_DIR, PORT: String(await freePort()) };
    await (await started({ environment })).stop();
    const upgraded = await ended({ file: newer, environment, args: ['migrate'] });
    expect(upgraded.output).toContain('users: applied platform/9999_notes, 29990101000000_notes');
    expect(upgraded.output).toMatch(/orders: applied platform\/9999_notes$/m);

    const before = tracesIn(folder);
    for (const [prefix, args] of [
      ['Fissile did not start:', []],
      ['Not migrated:', ['migrate']],
      ['Failed:', ['events', 'list']],
      ['Not backed up:', ['backup', join(folder, 'backup.tar.gz')]],
    ] as const) {
      const refused = await ended({ environment, args: [...args] });
      expect(refused.output).toBe(
        `${prefix} The database of auth has a migration that this program does not know, platform/9999_notes: a newer version wrote it. Start that version.`,
      );
      expect(refused.code).toBe(1);
      expect(tracesIn(folder)).toEqual(before);
    }
    const program = await started({ file: newer, environment });
    expect(await program.stop()).toBe(0);
  });

  it('writes backups that an older one refuses, and reads those of the older one', async () => {
    const folder = emptyFolder();
    const [older, newest] = [join(folder, 'older.tar.gz'), join(folder, 'newer.tar.gz')];
    const environment = { DATA_DIR: join(folder, 'data'), PORT: String(await freePort()) };
    await (await started({ environment })).stop();
    expect((await ended({ environment, args: ['backup', older] })).code).toBe(0);
    await ended({ file: newer, environment, args: ['migrate'] });
    expect((await ended({ file: newer, environment, args: ['backup', newest] })).code).toBe(0);

    const elsewhere = { DATA_DIR: join(folder, 'elsewhere'), PORT: environment.PORT };
    const refused = await ended({ environment: elsewhere, args: ['restore', newest] });
    expect(refused.output.split('\n').at(-1)).toMatch(
      /^Not restored: The database of auth has a migration that this program does not know, platform\/9999_notes: /,
    );
    expect(refused.code).toBe(1);
    expect((await ended({ environment: elsewhere, args: ['restore', older] })).code).toBe(0);
    const back = await started({ environment: elsewhere });
    expect(await back.stop()).toBe(0);
    expect((await ended({ file: newer, environment: elsewhere, args: ['migrate'] })).output).toContain(
      'users: applied platform/9999_notes, 29990101000000_notes',
    );
  });
});
