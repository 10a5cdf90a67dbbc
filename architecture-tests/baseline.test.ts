import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { crossing, withCheckout, type Checkout } from './support/checkout.ts';

const path = 'architecture-tests/baseline.json';
const program = join(import.meta.dirname, 'check/main.ts');
const frozen = { rule: 'contracts-only', file: crossing.path, what: crossing.what };

function breach({ write }: Checkout): void {
  write(crossing.path, crossing.text);
}
const baselineOf = ({ root }: Checkout) => JSON.parse(readFileSync(join(root, path), 'utf8')) as { breaches: object[] };

function commit(checkout: Checkout): void {
  checkout.git('init', '--quiet');
  checkout.git('add', '--all');
  checkout.git('commit', '--quiet', '--message', 'as it is');
}

describe('the baseline', () => {
  it('freezes the breaches that a team starts with', () =>
    withCheckout(async (checkout) => {
      breach(checkout);
      expect(await checkout.check('--freeze')).toMatchObject({ code: 0 });
      expect(baselineOf(checkout)).toEqual({ breaches: [frozen] });
      const { code, out } = await checkout.check();
      expect(out).toContain('0 breaches, 1 frozen');
      expect(code).toBe(0);
    }));

  it('knows a frozen breach after lines moved', () =>
    withCheckout(async (checkout) => {
      breach(checkout);
      await checkout.check('--freeze');
      checkout.write(crossing.path, `// One more line.\n${crossing.text}`);
      expect(await checkout.check()).toMatchObject({ code: 0 });
    }));

  it('lets no new breach in', () =>
    withCheckout(async (checkout) => {
      breach(checkout);
      await checkout.check('--freeze');
      checkout.write('modules/sales/use-cases/peek-too.ts', crossing.text);
      const { code, out } = await checkout.check();
      expect(out).toContain('modules/sales/use-cases/peek-too.ts:2');
      expect(out).toContain('1 breach, 1 frozen');
      expect(code).toBe(1);
      await checkout.check('--freeze');
      expect(baselineOf(checkout), 'freezing again does not help').toEqual({ breaches: [frozen] });
    }));

  it('fails on an entry that breaks nothing any more, until it is removed', () =>
    withCheckout(async (checkout) => {
      breach(checkout);
      await checkout.check('--freeze');
      rmSync(join(checkout.root, crossing.path));
      const { code, out } = await checkout.check();
      expect(out).toContain(`${path}:6 freezes a breach that is gone: ${crossing.path} ${crossing.what}`);
      expect(code).toBe(1);
      await checkout.check('--freeze');
      expect(baselineOf(checkout)).toEqual({ breaches: [] });
      expect(await checkout.check()).toMatchObject({ code: 0 });
    }));

  it('cannot be made longer by hand', () =>
    withCheckout(async (checkout) => {
      checkout.write(path, '{ "breaches": [] }\n');
      commit(checkout);
      breach(checkout);
      checkout.write(path, JSON.stringify({ breaches: [frozen] }));
      const { code, out } = await checkout.check();
      expect(out).toContain('freezes a new breach');
      expect(code).toBe(1);
      checkout.git('add', '--all');
      checkout.git('commit', '--quiet', '--message', 'smuggled');
      expect(await checkout.check('--changed', 'HEAD~1'), 'not in a commit of the branch either').toMatchObject({
        code: 1,
      });
    }));

  it('is never made in CI', () =>
    withCheckout(async (checkout) => {
      breach(checkout);
      const run = promisify(execFile)(
        process.execPath,
        [program, '--root', checkout.root, '--rule', 'contracts-only', '--freeze'],
        {
          env: { ...process.env, CI: 'true' },
        },
      );
      await expect(run).rejects.toMatchObject({ code: 2, stderr: expect.stringContaining('not in CI') as string });
      expect(() => baselineOf(checkout)).toThrow('ENOENT');
    }));

  it('is refused when it is something else', () =>
    withCheckout(async (checkout) => {
      checkout.write(path, '[]');
      expect(await checkout.check()).toMatchObject({ code: 2 });
    }));

  it('of this repository is empty', () => {
    expect(JSON.parse(readFileSync(join(import.meta.dirname, 'baseline.json'), 'utf8'))).toEqual({ breaches: [] });
  });
});

describe('what a branch touched', () => {
  it('is all that is told', () =>
    withCheckout(async (checkout) => {
      breach(checkout);
      commit(checkout);
      checkout.write('modules/sales/use-cases/peek-too.ts', crossing.text);
      const { code, out } = await checkout.check('--changed', 'HEAD');
      expect(out).toContain('peek-too.ts:2');
      expect(out).not.toContain(`${crossing.path}:2`);
      expect(out).toContain('1 changed file');
      expect(code).toBe(1);
    }));

  it('may be the other end of a breach', () =>
    withCheckout(async (checkout) => {
      breach(checkout);
      commit(checkout);
      expect(await checkout.check('--changed', 'HEAD')).toMatchObject({ code: 0 });
      checkout.write(
        'modules/billing/domain/bills.ts',
        `${readFileSync(join(checkout.root, 'modules/billing/domain/bills.ts'), 'utf8')}\n`,
      );
      expect(await checkout.check('--changed', 'HEAD')).toMatchObject({ code: 1 });
    }));

  it('cannot be told for a base that does not exist', () =>
    withCheckout(async (checkout) => {
      commit(checkout);
      const { code, out } = await checkout.check('--changed', 'origin/main');
      expect(out).toContain('What changed since origin/main cannot be told');
      expect(code).toBe(2);
    }));
});
