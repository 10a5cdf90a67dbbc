/** Reads from the pages in ADR/ what the check enforces. People look there, so the pages are the source. */
import { isForTests, placeOf } from './places.ts';
import type { SourceTree } from './source-tree.ts';

export const adrPaths = (tree: SourceTree): readonly string[] =>
  [...tree.paths].filter((path) => /^ADR\/\d{4}-[^/]+\.md$/.test(path));

/** From a line such as "Words of the business: `checkout`, `customer`." in any ADR. */
export function businessWords(tree: SourceTree): readonly string[] {
  return adrPaths(tree).flatMap((path) =>
    [...tree.read(path).matchAll(/^Words of the business: (.*)$/gm)].flatMap(([, list]) => inBackticks(list as string)),
  );
}

/** A row of a table with the columns `package` and `imported by` in any ADR. */
export interface PackagePolicy {
  /** May end in `*`. */
  readonly name: string;
  readonly adr: string;
  readonly line: number;
  /** The text of the cell, for messages. */
  readonly importedBy: string;
  /** Used without an import in this repository: a tool, or a package that generated code or another package needs. */
  readonly isUsedUnseen: boolean;
  allows(path: string): boolean;
}

export function packagePolicies(tree: SourceTree): readonly PackagePolicy[] {
  return adrPaths(tree).flatMap((adr) => {
    const policies: PackagePolicy[] = [];
    let columns: { name: number; importedBy: number } | undefined;
    tree
      .read(adr)
      .split('\n')
      .forEach((row, index) => {
        const cells = row.startsWith('|') ? row.split('|').map((cell) => cell.trim()) : [];
        const header = { name: cells.indexOf('package'), importedBy: cells.indexOf('imported by') };
        if (header.name > 0 && header.importedBy > 0) columns = header;
        else if (cells.length === 0) columns = undefined;
        else if (columns) {
          const importedBy = cells[columns.importedBy] ?? '';
          for (const name of inBackticks(cells[columns.name] ?? ''))
            policies.push(policy(name, adr, index + 1, importedBy));
        }
      });
    return policies;
  });
}

function policy(name: string, adr: string, line: number, importedBy: string): PackagePolicy {
  const words = importedBy.replaceAll(/`[^`]*`/g, '').split(/[^a-z]+/);
  const places = inBackticks(importedBy).map(
    (place) =>
      new RegExp(
        `^${place
          .split('/')
          .map((segment) => (segment === '*' ? '[^/]+' : escaped(segment)))
          .join('/')}(/|$)`,
      ),
  );
  return {
    name,
    adr,
    line,
    importedBy,
    isUsedUnseen: words.includes('nothing'),
    allows: (path) =>
      words.includes('everywhere') ||
      (words.includes('tests') && isInTests(path)) ||
      places.some((place) => place.test(path)),
  };
}

const isInTests = (path: string): boolean => {
  const place = placeOf(path);
  return (
    isForTests(path) ||
    path.startsWith('tests/') ||
    /^[^/]+\.config\.[cm]?[jt]s$/.test(path) ||
    (place.part === 'module' && place.role === 'testing')
  );
};

const inBackticks = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, inside]) => inside as string);
const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
