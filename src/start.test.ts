import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

const root = join(import.meta.dirname, '..');
const start = join(root, 'src/start.js');

describe('starting', () => {
  it('by another Node than ours is refused with one line that says what to do', () => {
    const older = 'data:text/javascript,Object.defineProperty(process.versions, "node", { value: "20.20.2" })';
    const { status, stderr } = spawnSync(process.execPath, ['--import', older, start], { encoding: 'utf8' });
    expect(stderr).toBe(
      'Fissile did not start: this is Node 20.20.2, and it needs 24 or later. Use npm start, which runs the Node that npm install brought along.\n',
    );
    expect(status).toBe(1);
  });

  it('generates what npm did not, as with ignore-scripts=true', () => {
    const checkout = mkdtempSync(join(tmpdir(), 'fissile-checkout-'));
    onTestFinished(() => rmSync(checkout, { recursive: true, force: true }));
    for (const path of ['src', 'modules', 'prisma', 'package.json', 'tsconfig.json']) {
      cpSync(join(root, path), join(checkout, path), {
        recursive: true,
        filter: (from) => !from.includes('/persistence/generated'),
      });
    }
    symlinkSync(join(root, 'node_modules'), join(checkout, 'node_modules'));
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(checkout, 'src/start.js'), '--version'], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^fissile \d/);
    expect(status).toBe(0);
    for (const module of readdirSync(join(checkout, 'modules'))) {
      expect(existsSync(join(checkout, 'modules', module, 'persistence/generated/client.ts')), module).toBe(true);
    }
  });
});
