/** The workflows in .github run what the gate runs, and no more rights than reading. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };

interface Workflow {
  readonly permissions: Record<string, string>;
  readonly jobs: Record<
    string,
    {
      readonly 'timeout-minutes'?: number;
      readonly steps: readonly { readonly run?: string; readonly uses?: string }[];
    }
  >;
}

const folder = join(import.meta.dirname, '../../.github/workflows');
const workflows = readdirSync(folder).map(
  (name) => [name, parse(readFileSync(join(folder, name), 'utf8')) as Workflow] as const,
);
const gate = readFileSync(join(import.meta.dirname, '../../.ci/run'), 'utf8');

describe.each(workflows)('%s', (_, { permissions, jobs }) => {
  const steps = Object.values(jobs).flatMap((job) => job.steps);

  it('may read the repository, and nothing else', () => expect(permissions).toEqual({ contents: 'read' }));

  it('ends jobs that hang', () => {
    for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  it('runs scripts that exist', () => {
    const scripts = steps.flatMap(({ run = '' }) =>
      [...run.matchAll(/npm (?:run )?(\w[\w:]*)/g)].map(([, script]) => script!),
    );
    expect(scripts.filter((script) => script !== 'ci' && !Object.hasOwn(packageJson.scripts, script))).toEqual([]);
  });

  it('uses actions by a major version', () => {
    const used = steps.flatMap(({ uses }) => (uses === undefined ? [] : [uses]));
    expect(used.filter((uses) => !/^actions\/[\w-]+@v\d+$/.test(uses))).toEqual([]);
  });

  it('runs the whole gate, after every quick step of it', () => {
    const commands = steps.flatMap(({ run }) => (run === undefined ? [] : [run]));
    expect(commands).toContain('.ci/run');
    const quick = [...gate.matchAll(/^(?:step|suite) \S+ (npm (?:run )?(?:test|typecheck|lint|check))(?= |$)/gm)].map(
      ([, command]) => command!,
    );
    expect(quick).toHaveLength(4);
    for (const command of quick)
      expect(
        commands.some((line) => line.startsWith(command)),
        command,
      ).toBe(true);
  });
});
