/** What the decisions in ADR/ say that the check can read: the words of the business, and who may import what. */
import type { SourceTree } from './source-tree.ts';

export const adrPaths = (tree: SourceTree): readonly string[] =>
  [...tree.paths].filter((path) => /^ADR\/\d{4}-[^/]+\.md$/.test(path));

/** From a line such as "Words of the business: `checkout`, `customer`." in any ADR. */
export function businessWords(tree: SourceTree): readonly string[] {
  return adrPaths(tree).flatMap((path) =>
    [...tree.read(path).matchAll(/^Words of the business: (.*)$/gm)].flatMap(([, list]) =>
      [...(list as string).matchAll(/`([^`]+)`/g)].map(([, word]) => word as string),
    ),
  );
}
