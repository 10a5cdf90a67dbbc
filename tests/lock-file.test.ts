/** Finds a lock file that fits one machine only, which npm does not mention. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Lock {
  packages: Record<
    string,
    {
      resolved?: string;
      integrity?: string;
      engines?: { node?: string };
      optionalDependencies?: Record<string, string>;
    }
  >;
}
const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8')) as Lock;

/** Node's way to a package: beside the one that wants it, or beside any folder around that. */
function isLocked(wanted: string, by: string): boolean {
  for (let folder = by; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[`${folder}${folder && '/'}node_modules/${wanted}`]) return true;
    if (folder === '') return false;
  }
}

describe('the lock file', () => {
  it('holds the packages of every platform, also those that this machine does not need', () => {
    const wanted = Object.entries(packages).flatMap(([by, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).map((name) => ({ name, by })),
    );
    expect(wanted.length).toBeGreaterThan(30);
    expect(wanted.filter(({ name, by }) => !isLocked(name, by))).toEqual([]);
  });

  it('pins the content of every package, and leaves it to npm where to get it', () => {
    const { '': root, ...others } = packages;
    expect(root).toBeDefined();
    const loose = Object.entries(others).filter(
      ([, { integrity, resolved }]) => !integrity?.startsWith('sha512-') || resolved,
    );
    expect(loose).toEqual([]);
  });

  it('asks for no newer Node than newcomers have, who would be warned of it', () => {
    const { '': _, ...others } = packages;
    const newer = Object.entries(others).filter(
      ([name, { engines }]) => !hasNoOlder.test(name) && engines?.node !== undefined && !allows(engines.node),
    );
    expect(newer.map(([name, { engines }]) => `${name}: ${engines!.node}`)).toEqual([]);
  });
});

/** They run on the Node that comes with the project, and no kept version of them is for an older one (ADR 0063, 0070). */
const hasNoOlder = /^node_modules\/@(opentelemetry|platformatic)\//;

/** Tells whether a range of versions, in one of its parts between `||`, takes Node 20.19, which the tools need as well. */
function allows(range: string): boolean {
  return range.split('||').some((part) => {
    const [, sign = '', major, minor = '0'] = /^\s*(>=|>|\^|~)?\s*v?(\d+)(?:\.(\d+))?/.exec(part) ?? [];
    if (major === undefined) return part.trim() === '*';
    const [asked, given] = [Number(major) * 1_000 + Number(minor), 20_019];
    return asked <= given && (sign.startsWith('>') || Number(major) === 20);
  });
}
