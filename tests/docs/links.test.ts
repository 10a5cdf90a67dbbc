/** The pages for readers: what they name exists. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const markdownIn = (folder: string) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const moduleReadmes = readdirSync(join(root, 'modules')).map((module) => `modules/${module}/README.md`);
const partReadmes = readdirSync(join(root, 'src'))
  .map((part) => `src/${part}/README.md`)
  .filter((page) => existsSync(join(root, page)));
const pages = [
  ...markdownIn('.'),
  ...markdownIn('docs'),
  ...markdownIn('docs/runbooks'),
  ...markdownIn('ADR'),
  ...moduleReadmes,
  ...partReadmes,
  'bench/README.md',
];
const textOf = (page: string) => readFileSync(join(root, page), 'utf8');

/** Files and folders that a page names: as links, from its folder, and as `code`, from the root. */
function namedBy(page: string): string[] {
  const prose = textOf(page).replaceAll(/^```[^]*?^```$/gm, '');
  const links = [...prose.matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, path]) => join(dirname(page), path!));
  const paths = [
    ...prose.matchAll(
      /`((?:src|tests|modules|ADR|docs|build|bench|deploy|topologies|prisma|architecture-tests)\/[^`\s*<]*[^`\s*<.])`/g,
    ),
  ];
  return [...links, ...paths.map(([, path]) => path!)];
}

/** The texts of the tests in a file, or in a folder and below. */
const testsAt = (place: string): string[] =>
  place.endsWith('.ts')
    ? [textOf(place)]
    : readdirSync(join(root, place), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.test.ts') || name.includes('testing/'))
        .filter((name) => name.endsWith('.ts'))
        .map((name) => textOf(join(place, name)));

/** `S1 to S3, S8` as its numbers. */
const expanded = (numbers: string): string[] =>
  numbers.split(', ').flatMap((range) => {
    const [first, last = first] = range.split(' to ').map((number) => Number(number.slice(1)));
    return Array.from({ length: last! - first! + 1 }, (_, offset) => `S${first! + offset}`);
  });

describe.each(pages)('%s', (page) => {
  it('names files that exist', () => {
    expect(namedBy(page).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe.each(partReadmes)('%s', (page) => {
  it('names files and folders that stand beside it', () => {
    const named = [...textOf(page).matchAll(/`([\w-]+(?:\.ts|\/))`/g)].map(([, name]) => name!);
    expect(named.filter((name) => !existsSync(join(root, dirname(page), name)))).toEqual([]);
  });
});

describe('the documentation', () => {
  it('has a README that is read in a few minutes', () => {
    expect(textOf('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(120);
  });

  it('has a changelog in which each section of a version stands once', () => {
    for (const version of textOf('CHANGELOG.md').split(/^## /m)) {
      const sections = [...version.matchAll(/^### (.*)$/gm)].map(([, title]) => title);
      expect(sections).toEqual([...new Set(sections)]);
    }
  });

  it('has an index of all its pages', () => {
    const named = namedBy('docs/README.md');
    expect(markdownIn('docs').filter((page) => page !== 'docs/README.md' && !named.includes(page))).toEqual([]);
  });

  it('maps every part of src/, and every folder of the runtime', () => {
    const folders = ['src', 'src/runtime'].flatMap((parent) =>
      readdirSync(join(root, parent), { withFileTypes: true }).flatMap((entry) =>
        entry.isDirectory() ? [`${parent}/${entry.name}`] : [],
      ),
    );
    const named = namedBy('docs/architecture.md').map((path) => path.replace(/\/README\.md$/, ''));
    expect(folders.filter((folder) => !named.includes(folder))).toEqual([]);
    // And walks through the code file by file.
    expect(named.filter((path) => path.endsWith('.ts')).length).toBeGreaterThan(30);
  });

  it('shows each file of the platform', () => {
    const files = readdirSync(join(root, 'src/platform')).filter(
      (name) => name.endsWith('.ts') && !/\.test(?:-d)?\.ts$/.test(name),
    );
    const shown = [...textOf('src/platform/README.md').matchAll(/^\*\*\[(.+?)\]\(\1\)\*\* /gm)].map(([, name]) => name);
    expect(shown).toEqual([...new Set(shown)]);
    expect(shown.toSorted()).toEqual(files.toSorted());
  });

  it('names, for each guarantee of SECURITY.md, where a test has its number', () => {
    const rows = [...textOf('SECURITY.md').matchAll(/^\| (S[^|]*) \|[^|]*\| (.*) \|$/gm)];
    const unproven = rows.flatMap(([, numbers, places]) => {
      const tests = [...places!.matchAll(/`([^`]+)`/g)].flatMap(([, place]) => testsAt(place!)).join('\n');
      return expanded(numbers!).filter((number) => !tests.includes(`${number} `));
    });
    expect(unproven).toEqual([]);
    expect(rows.length).toBeGreaterThan(10);
  });
});
