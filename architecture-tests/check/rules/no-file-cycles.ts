import { cycles } from '../cycles.ts';
import type { Rule } from '../rule.ts';

/** These name a file without depending on what is in it. */
const noDependency = new Set(['file URL', 'mocked import', 'import.meta.resolve', 'module augmentation']);

export const noFileCycles: Rule = {
  id: 'no-file-cycles',
  title: 'Files form no cycle',
  adr: 'ADR/0032-the-architecture-check.md',
  why: 'Files in a circle can only be understood, tested and moved together, and start in an order nobody chose.',

  check({ tree }, breach) {
    const graph = new Map<string, string[]>([...tree.sources.keys()].map((path) => [path, []]));
    for (const { from, import: each, target } of tree.edges) {
      if (target.kind !== 'file' || noDependency.has(each.kind) || !graph.has(target.path)) continue;
      graph.get(from.path)?.push(target.path);
    }
    for (const circle of cycles(graph)) {
      const [first, second = first] = circle as [string, string?];
      const edge = tree.edgesByFile.get(first)?.find(({ target }) => target.kind === 'file' && target.path === second);
      breach({
        file: first,
        line: edge ? edge.from.lineAt(edge.import.at) : 1,
        what: circle.length === 1 ? 'imports itself' : `is in a circle of imports: ${[...circle, first].join(' -> ')}`,
        instead: 'Move what both need into a file of its own, or hand it over as a parameter.',
        involves: circle,
      });
    }
    return graph.size;
  },
};
